"""Turn what the model wrote into recommendations of things on offer. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from ...catalog import CatalogItem, Period
from .advice import Stand, stands
from .citations import Citation, cites_none
from .claims import ungrounded_claims
from .decisions import decisions
from .limits import over_limit
from .mentions import Mention, find_mentions, stands_beside
from .names import Names
from .resolution import Resolver
from .unoffered import unoffered_products
from .words import Word, words_of


@dataclass(frozen=True)
class Grounded:
    """What came of an answer.

    :param items: recommended, each on offer and none twice
    :param named: keys of all offered items that the prose names, recommended or not
    :param cited: whether the answer has a data block, be it one that says that there are none
    :param dropped: how many cited items are not offered, contradict themselves, or come twice
    :param results: how many cited or named items were ``accepted``, ``not_offered``, ``duplicate``,
        ``over_limit``, or a ``mismatch`` of id and name
    :param ungrounded: what the answer names, prices or links although it is not on offer, or not
        so: ``"Unicorn Harp 9000"``, ``"Yamaha FG800 at $5"``, ``"https://..."``
    """

    items: list[CatalogItem]
    named: list[int | str]
    cited: bool
    dropped: int
    results: dict[str, int] = field(default_factory=dict)
    ungrounded: list[str] = field(default_factory=list)


def ground(
    prose: str,
    blocks: Sequence[str],
    candidates: Sequence[CatalogItem],
    limit: int,
    brands: Iterable[str] = (),
    period: Period | None = None,
) -> Grounded:
    """Match what the model cites, or else what its prose names, with the offered items.

    :param prose: the clean answer
    :param blocks: data blocks that were held back from it
    :param candidates: what the catalogue offered for this turn, best first
    :param limit: most recommendations to return
    :param brands: makers that the host knows, offered in this turn or not
    :param period: the dates asked for: what an item costs for them is a true price, too
    """
    names, words = Names(candidates, brands), words_of(prose)
    matches, misnamed = names.find(prose, words)
    mentions = find_mentions(prose, words, names, matches)
    others = unoffered_products(prose, words, names, mentions, misnamed)
    named = [m for m in mentions if not (m.by_id and stands_beside(m, others, prose))]
    advised = _advised(prose, words, [*((m.start, m.end) for m in named), *others])
    advised |= {(m.start, m.end): Stand.AGAINST for m in over_limit(prose, named)}
    unoffered = [place for place in others if advised[place] is Stand.FOR]
    resolver = Resolver(names, period)
    chosen = list(resolver.resolve(blocks)) or _recommended(
        prose, named, advised, is_none=any(map(cites_none, blocks))
    )
    accepted = chosen[:limit]
    results = resolver.results
    results["mismatch"] += len(mentions) - len(named)
    dropped = results.total()
    results.update(accepted=len(accepted), over_limit=len(chosen) - len(accepted))
    claims = [*resolver.ungrounded, *ungrounded_claims(prose, names, mentions, unoffered, period)]
    return Grounded(
        items=accepted,
        named=list(dict.fromkeys(mention.item.id for mention in named)),
        cited=bool(blocks),
        dropped=dropped,
        results={result: count for result, count in results.items() if count},
        ungrounded=list(dict.fromkeys(claims)),
    )


def offers(candidates: Sequence[CatalogItem]) -> Callable[[Citation], bool]:
    """Return what tells whether a citation in an answer is of one of these items."""
    resolver = cache(lambda: Resolver(Names(candidates)))
    return lambda citation: resolver().find(citation)[0] is not None


def mentioned(prose: str, candidates: Sequence[CatalogItem]) -> list[CatalogItem]:
    """Return the offered items that a text names and does not advise against, in order, once."""
    return ground(prose, [], candidates, len(candidates)).items


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


def _advised(
    prose: str, words: Sequence[Word], places: Iterable[tuple[int, int]]
) -> dict[tuple[int, int], Stand]:
    """Return how a text stands to what it names at some places."""
    starts = [word.start for word in words]
    spans = {
        place: (bisect_left(starts, place[0]), bisect_left(starts, place[1]))
        for place in sorted(set(places))
    }
    return dict(zip(spans, stands(prose, words, list(spans.values())), strict=True))


def _recommended(
    prose: str,
    named: Sequence[Mention],
    advised: Mapping[tuple[int, int], Stand],
    *,
    is_none: bool,
) -> list[CatalogItem]:
    """Return the items that a text speaks for; being the lesser of two counts if it comes first.

    :param is_none: whether a block says that there are none; then only a plain decision counts
    """
    stand_of: dict[str, Stand] = {}
    for mention in named:
        key, stand = str(mention.item.id), advised[mention.start, mention.end]
        if stand is Stand.AGAINST or stand_of.get(key, Stand.NAMED) is Stand.NAMED:
            stand_of[key] = stand
    items = {str(mention.item.id): mention.item for mention in named}
    most = Stand.FOR if Stand.FOR in stand_of.values() else Stand.NAMED
    kept = {key: item for key, item in items.items() if stand_of[key] is most}
    chosen, left = decisions(prose, named, kept.keys())
    if is_none:
        return [item for key, item in kept.items() if key in chosen]
    return [item for key, item in kept.items() if key not in left or left >= kept.keys()]
