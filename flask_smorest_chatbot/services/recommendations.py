"""Turn what the model wrote into recommendations of things on offer. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..values import CatalogItem, Recommendation
from .citations import Citation
from .claims import ungrounded_claims, unoffered_products
from .mentions import Mention, find_mentions, stands_beside
from .names import Names, words_of
from .resolution import Resolver

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
#: Longest reason kept, in characters.
_LONGEST_REASON = 300


@dataclass(frozen=True)
class Grounded:
    """What came of an answer.

    :param recommendations: each refers to an offered item, none twice
    :param dropped: how many cited items are not offered, contradict themselves, or come twice
    :param results: how many cited or named items were ``accepted``, ``not_offered``, ``duplicate``,
        ``over_limit``, or a ``mismatch`` of id and name
    :param ungrounded: what the answer names, prices or links although it is not on offer, or not
        so: ``"Unicorn Harp 9000"``, ``"Yamaha FG800 at $5"``, ``"https://..."``
    """

    recommendations: list[Recommendation]
    dropped: int
    results: dict[str, int] = field(default_factory=dict)
    ungrounded: list[str] = field(default_factory=list)


def ground(
    prose: str,
    blocks: Sequence[str],
    candidates: Sequence[CatalogItem],
    limit: int,
    brands: Iterable[str] = (),
) -> Grounded:
    """Match what the model cites, or else what its prose names, with the offered items.

    :param prose: the clean answer
    :param blocks: data blocks that were held back from it
    :param candidates: what the catalogue offered for this turn, best first
    :param limit: most recommendations to return
    :param brands: makers that the host knows, offered in this turn or not
    """
    names, words = Names(candidates, brands), words_of(prose)
    mentions = find_mentions(prose, words, names)
    unoffered = unoffered_products(prose, words, names, mentions)
    named = [m for m in mentions if not (m.by_id and stands_beside(m, unoffered, prose))]
    resolver = Resolver(names)
    chosen = {str(item.id): (item, citation) for item, citation in resolver.resolve(blocks)}
    if not chosen:
        chosen = {str(m.item.id): (m.item, {}) for m in named if m.is_advised}
    accepted = [
        Recommendation(item=item, reason=_reason(citation, prose, mentions, item))
        for item, citation in list(chosen.values())[:limit]
    ]
    results = resolver.results
    results["mismatch"] += len(mentions) - len(named)
    dropped = results.total()
    results.update(accepted=len(accepted), over_limit=len(chosen) - len(accepted))
    claims = [*resolver.ungrounded, *ungrounded_claims(prose, names, mentions, unoffered)]
    return Grounded(
        recommendations=accepted,
        dropped=dropped,
        results={result: count for result, count in results.items() if count},
        ungrounded=list(dict.fromkeys(claims)),
    )


def offers(candidates: Sequence[CatalogItem]) -> Callable[[Citation], bool]:
    """Return what tells whether a citation in an answer is of one of these items."""
    resolver = Resolver(Names(candidates))
    return lambda citation: resolver.find(citation)[0] is not None


def mentioned(prose: str, candidates: Sequence[CatalogItem]) -> list[CatalogItem]:
    """Return the offered items that a text names and does not advise against, in order, once."""
    named = find_mentions(prose, words_of(prose), Names(candidates))
    return list({str(m.item.id): m.item for m in named if m.is_advised}.values())


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


def _reason(citation: Citation, prose: str, mentions: Sequence[Mention], item: CatalogItem) -> str:
    """Return the model's reason, the sentence that names the item, or the item's description."""
    first = next((mention for mention in mentions if mention.item is item), None)
    return (
        _one_line(citation.get("reason"))
        or (_one_line(_sentence_at(prose, first.start)) if first else "")
        or _one_line(item.description)
        or "It fits what you asked for."
    )


def _sentence_at(prose: str, place: int) -> str:
    ends = [0, *(found.end() for found in _SENTENCE_END.finditer(prose)), len(prose)]
    start = max(end for end in ends if end <= place)
    return prose[start : min(end for end in ends if end > place)]


def _one_line(text: object) -> str:
    """Return a text without line breaks, list marks and emphasis."""
    if not isinstance(text, str):
        return ""
    plain = re.sub(r"^\s*(?:[-*#>]+|\d+[.)])\s+|[*`]+|__", "", text)
    return " ".join(plain.split())[:_LONGEST_REASON]
