"""Turn what the model wrote into recommendations of things on offer. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..values import CatalogItem, Recommendation
from .prose import cited_items

#: Longest reason kept, in characters.
_LONGEST_REASON = 300


@dataclass(frozen=True)
class Grounded:
    """What came of an answer.

    :param recommendations: each refers to an offered item, none twice
    :param dropped: how many cited items are not offered, or cited twice
    """

    recommendations: list[Recommendation]
    dropped: int


def ground(
    prose: str, blocks: Sequence[str], candidates: Sequence[CatalogItem], limit: int
) -> Grounded:
    """Match what the model cites, or else what its prose names, with the offered items.

    :param prose: the clean answer
    :param blocks: data blocks that were held back from it
    :param candidates: what the catalogue offered for this turn
    :param limit: most recommendations to return
    """
    cited = [item for block in blocks for item in cited_items(block)]
    found = [(_find(item, candidates), item) for item in cited]
    chosen: dict[str, Recommendation] = {}
    for item, citation in found:
        if item is not None:
            reason = _one_line(citation.get("reason")) or _reason_from(prose, item)
            chosen.setdefault(str(item.id), Recommendation(item=item, reason=reason))
    dropped = len(cited) - len(chosen)
    if not chosen:
        chosen = {
            str(item.id): Recommendation(item=item, reason=_reason_from(prose, item))
            for item in mentioned(prose, candidates)
        }
    return Grounded(list(chosen.values())[:limit], dropped)


def mentioned(prose: str, candidates: Sequence[CatalogItem]) -> list[CatalogItem]:
    """Return the offered items whose names stand in the prose, in the order of their mention.

    A longer name wins over a shorter one that is part of it; of several items with one name, the
    first offered is meant.
    """
    text = _words(prose)
    places: list[tuple[int, CatalogItem]] = []
    for item in sorted(candidates, key=lambda item: -len(item.name)):
        name = _words(item.name)
        at = text.find(name) if name.strip() else -1
        if at >= 0:
            places.append((at, item))
            text = text.replace(name, " " + "\0" * (len(name) - 2) + " ")
    return [item for _, item in sorted(places, key=lambda place: place[0])]


def selection_schema(candidates: Sequence[CatalogItem], limit: int) -> dict[str, Any]:
    """Return a JSON schema under which a model can only choose offered items."""
    choice = {"type": "string", "enum": [str(item.id) for item in candidates]}
    return {
        "type": "object",
        "properties": {
            "items": {"type": "array", "items": choice, "minItems": 1, "maxItems": limit}
        },
        "required": ["items"],
    }


def _find(citation: dict[str, Any], candidates: Sequence[CatalogItem]) -> CatalogItem | None:
    key, name = str(citation.get("id", "")).strip(), _words(str(citation.get("name", "")))
    for item in candidates:
        if key == str(item.id):
            return item
    for item in candidates:
        if name.strip() and name == _words(item.name):
            return item
    return None


def _words(text: str) -> str:
    """Return the words of a text, case-folded, single-spaced and with a space at both ends."""
    return " " + " ".join(re.findall(r"\w+", text.casefold())) + " "


def _reason_from(prose: str, item: CatalogItem) -> str:
    """Return the sentence that names the item, or the catalogue's own description."""
    name = _words(item.name)
    for sentence in re.split(r"(?<=[.!?])\s+|\n+", prose):
        if name in _words(sentence):
            return _one_line(sentence)
    return _one_line(item.description) or "It fits what you asked for."


def _one_line(text: object) -> str:
    """Return a text without line breaks, list marks and emphasis."""
    if not isinstance(text, str):
        return ""
    plain = re.sub(r"^\s*(?:[-*#>]+|\d+[.)])\s+|[*`]+|__", "", text)
    return " ".join(plain.split())[:_LONGEST_REASON]
