"""From what a user says to what the catalogue offers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...catalog import CatalogItem, CatalogQuery, CatalogResult, Offered, Vocabulary
from ...profile import UserProfile
from ..host import TurnServices, from_host
from ..query import Earlier, understand
from .ranking import is_free, is_within_budget, search

#: Most items of a plain list that are looked at: a larger catalogue needs a search of its own.
_LONGEST_LIST = 10_000
#: Answers looked back through for the last recommendations.
_LOOK_BACK = 10


def find(
    services: TurnServices,
    vocabulary: Vocabulary,
    text: str,
    profile: UserProfile,
    user_id: Any,
    earlier: Earlier | None,
) -> tuple[CatalogQuery, CatalogResult]:
    """Return what was understood of a message, and what the catalogue has for it.

    :param vocabulary: the host's; an empty one leaves it to the items themselves
    :param text: what the user asks of the catalogue; may be empty
    :raises LoaderError: when a loader of the host raises
    """

    def read(words: Vocabulary) -> CatalogQuery:
        return understand(
            text,
            vocabulary=words,
            today=services.today,
            earlier=earlier,
            profile=profile,
            user_id=user_id,
            limit=services.config.catalog_limit,
        )

    query = read(vocabulary)
    offered = _load(services, _as_before(query))
    if not isinstance(offered, CatalogResult):
        if vocabulary == Vocabulary():  # then the items themselves say what there is
            query = read(vocabulary_of(offered))
        offered = search(offered, _as_before(query))
    if not _asks(query, earlier):
        offered = replace(offered, outcome="found", nearest=())
    if query.item_ids and offered.items and all(refusal(i, query) for i in offered.items):
        offered = replace(offered, outcome="all_out")
    return query, _first(offered, query)


def _as_before(query: CatalogQuery) -> CatalogQuery:
    """Return what was asked for before, if the message itself asks for nothing: "thanks, and how
    do I pay?" is no reason to offer what the profile likes instead."""
    return replace(query, **Earlier(query=query.set_aside).kind_slots) if query.set_aside else query


def _asks(query: CatalogQuery, earlier: Earlier | None) -> bool:
    """Tell whether a message asks something of the catalogue. "Thanks!" only inherits dates and
    budget; that nothing fits them is no answer to it."""
    if query.wanted or query.categories or query.brands or query.item_ids or query.words:
        return True
    inherited = earlier.query if earlier else {}
    said = query.as_json()
    return any(said.get(name) != inherited.get(name) for name in ("budget", "period", "place"))


def reread(
    services: TurnServices, query: CatalogQuery, ids: Sequence[int | str]
) -> list[CatalogItem]:
    """Return items as they are now, in the order of ``ids``; those that are gone are left out.

    :raises LoaderError: when the host's loader raises
    """
    if not ids:
        return []
    again = replace(query, item_ids=list(ids), limit=len(ids))
    offered = _load(services, again)
    items = offered.items if isinstance(offered, CatalogResult) else offered
    return list(search(items, again).items)


def refusal(item: CatalogItem, query: CatalogQuery) -> str | None:
    """Return why an item cannot be recommended, as a word for the count; None if it can.

    Of items that the user speaks of the price is no reason: they have seen it.
    """
    if not is_free(item, query):
        return "unavailable"
    if query.item_ids:
        return None
    return None if is_within_budget(item, query) else "over_budget"


def earlier_turn(answers: Sequence[Mapping[str, Any] | None]) -> Earlier | None:
    """Return what the conversation last understood and recommended.

    :param answers: ``context_data`` of the assistant's messages, oldest first
    """
    recent = [answer for answer in reversed(answers) if answer][:_LOOK_BACK]
    if not recent:
        return None
    shown = (answer.get("recommendations") for answer in recent)
    last: Sequence[Mapping[str, Any]] = next(filter(None, shown), [])
    items = [_shown_item(item) for item in last]
    return Earlier(query=_query(recent[0]), items=items, named=list(dict.fromkeys(_named(recent))))


def _query(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    return (answer.get("context") or {}).get("query") or {}


def _named(recent: Sequence[Mapping[str, Any]]) -> Iterator[int | str]:
    """Yield the keys of all that the answers to the last request named or recommended.

    :param recent: ``context_data`` of answers, the latest first
    """
    kinds = (Earlier(query=_query(answer)).names("categories") for answer in recent)
    first = Earlier(query=_query(recent[0])).names("categories")
    for answer, kind in zip(recent, kinds, strict=True):
        if kind != first:
            return
        yield from (item["id"] for item in answer.get("recommendations") or ())
        yield from (answer.get("context") or {}).get("named") or ()


def vocabulary_of(items: Sequence[CatalogItem]) -> Vocabulary:
    """Return the words that a list of items itself holds."""

    def distinct(values: Any) -> list[str]:
        return list(dict.fromkeys(str(value) for value in values if value))

    return Vocabulary(
        categories=dict.fromkeys(distinct(item.category for item in items), ()),
        brands=distinct(item.brand for item in items),
        places=distinct(item.location for item in items),
        levels=dict.fromkeys(distinct(level for item in items for level in item.levels), ()),
    )


def _load(services: TurnServices, query: CatalogQuery) -> Offered:
    offered = from_host("catalogue", lambda: services.load_catalog(query))
    if isinstance(offered, CatalogResult):
        return offered
    return from_host("catalogue", lambda: list(itertools.islice(offered, _LONGEST_LIST)))


def _first(result: CatalogResult, query: CatalogQuery) -> CatalogResult:
    return replace(result, items=list(result.items)[: query.limit])


def _shown_item(recommendation: Mapping[str, Any]) -> CatalogItem:
    price = recommendation.get("price") or {}
    return CatalogItem(
        id=recommendation["id"],
        name=recommendation["name"],
        price=price.get("amount"),
        currency=price.get("currency", "USD"),
        price_unit=price.get("unit", "day"),
        category=recommendation.get("category"),
        brand=recommendation.get("brand"),
        location=recommendation.get("location"),
    )
