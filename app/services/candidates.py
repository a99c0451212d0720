"""From what the chat understood to what the catalogue offers: found, or an honest no."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlencode

from flask_smorest_chatbot import CatalogItem, CatalogQuery, CatalogResult, Period, free_time

from ..models import MAX_ROW_ID
from . import catalog
from .catalog_search import NAMED, Clue, ListingHit, Search
from .kinds import known_kind
from .levels import levels_of, words_for
from .rental_questions import rental_question
from .rentals import MAX_DAYS, MAX_DAYS_AHEAD
from .search_words import Phrase, alternatives, is_model, phrase, tokens, with_joined, word_forms

CURRENCY = "USD"

# Tiers of what was asked for. The last four are definite: see NAMED.
_LIKED, _WORDS, _ALL_WORDS, _KIND, _WHOLE_KIND, _MODEL = (
    1,
    2,
    NAMED,
    NAMED + 1,
    NAMED + 2,
    NAMED + 3,
)
_MAX_LIKED = 8
#: Offered to have at hand when what a message says is nothing of the catalogue's: as many as an
#: answer names.
_AT_HAND = 3
# What somebody wants who asks for "an instrument": anything.
_ANYTHING = set("instrument instruments something anything item items gear equipment".split())
_DEAREST = re.compile(
    r"\b(?<!not )(?<!n't want )(?:the|your) (?:\w+ )?"
    r"(?:most expensive|priciest|dearest|costliest|highest[ -]priced)\b"
)


def find(query: CatalogQuery) -> CatalogResult:
    """Search the catalogue.

    What the user says decides. Only if the message names nothing that there is, and asks for no
    kind of thing, what they like to play counts; and if none of that can be had, anything.
    """
    if query.item_ids:
        return _named_items(query)
    if not _can_be_booked(query):
        return CatalogResult(outcome="all_out")
    search = search_for(query)
    if _DEAREST.search(query.text.lower()) and (dearest := catalog.dearest_listings(search)):
        return _found(dearest, search, query)
    hits = catalog.best_listings(search)
    if not hits and search.lowest_tier == _LIKED:
        if rental_question(query.text):  # who asks for their own is not offered just anything
            return CatalogResult()
        search = replace(search, lowest_tier=0)
        hits = catalog.best_listings(search)
    return _found(hits, search, query) if hits else _why_nothing(search, query)


def _can_be_booked(query: CatalogQuery) -> bool:
    """Tell whether the site rents anything for so long, and so far ahead."""
    last = query.today + timedelta(days=MAX_DAYS_AHEAD)
    return query.period is None or (query.period.days <= MAX_DAYS and query.period.end <= last)


def _found(hits: list[ListingHit], search: Search, query: CatalogQuery) -> CatalogResult:
    best = _best_only(hits, search)
    if query.words and not _is_asked(query) and best[0].tier < NAMED:
        best = best[:_AT_HAND]
    return CatalogResult(items=_items(best, query))


def _is_asked(query: CatalogQuery) -> bool:
    """Tell whether a message asks for a kind, category or brand."""
    return bool(query.wanted or query.categories or query.brands)


def _best_only(hits: list[ListingHit], search: Search) -> list[ListingHit]:
    """Keep what is as much as the best what was asked for: there, if a place was named."""
    best = [hit for hit in hits if hit.tier == hits[0].tier]
    here = [hit for hit in best if hit.is_here]
    return here if here and search.place_first else best


def search_for(query: CatalogQuery) -> Search:
    """Return the search for what the user asks."""
    kinds = _kinds(query)
    is_asked = bool(kinds or query.categories or query.brands)
    clues = list(_asked(kinds, query) if is_asked else _said_or_liked(query))
    suiting, unsuited = words_for(query.level or query.profile.experience_level)
    if suiting:
        tier = 0 if clues or is_asked else _LIKED
        clues.append(Clue(phrase=(suiting,), without=unsuited, tier=tier, score=0, suits=True))
    lowest_tier = 0 if is_asked or not clues else _LIKED
    least, most = _bounds(query)
    return Search(
        period=query.wanted_period,
        clues=clues,
        lowest_tier=_KIND if _must_be_of_kind(kinds, query) else lowest_tier,
        categories=query.categories,
        excluded_categories=query.excluded_categories,
        brands=query.brands,
        excluded_brands=query.excluded_brands,
        most=most,
        least=least,
        place=query.place or query.profile.location,
        place_first=query.place is not None,
        user_id=query.user_id,
        excluded_ids=_row_ids(query.excluded_ids),
        excluded_instruments=catalog.instruments_called(query.excluded_words),
        limit=query.limit,
        today=query.today,
    )


def _bounds(query: CatalogQuery) -> tuple[Decimal | None, Decimal | None]:
    """Return the least and the most that a day may cost, in US$.

    There are no rates to convert another currency by. To ignore "under 20 euros" would offer what
    costs four times that; so the profile's limit holds, which is in US$, or else the number is
    taken as US$, which is near enough for the currencies that people name here.
    """
    least, most = query.least_per_day, query.most_per_day
    if query.budget is None or query.budget.currency == CURRENCY:
        return least, most
    limit = query.profile.budget_max
    if limit is None or most is None:
        return least, most
    return (least if least is not None and least <= limit else None), limit


def _kinds(query: CatalogQuery) -> list[list[str]]:
    """Return the words of each kind of thing that is asked for, without its maker's."""
    makers = {word for brand in query.brands for word in tokens(brand)}
    kinds = [
        [word for word in kind.split() if not makers.intersection(tokens(word))]
        for kind in alternatives(query.wanted or "")
    ]
    return [kind for kind in kinds if kind and not _ANYTHING.intersection(kind)]


def _must_be_of_kind(kinds: Sequence[list[str]], query: CatalogQuery) -> bool:
    """Tell whether something else of the same category is no answer.

    It is none to those who ask for a cello. It is to those who ask for an axe: that is no word of
    the catalogue's, but the category is what they mean. Of several categories each will do.
    """
    if len(query.categories) > 1:
        return False
    return bool(kinds) and (not query.categories or any(map(known_kind, kinds)))


def _asked(kinds: Sequence[list[str]], query: CatalogQuery) -> Iterator[Clue]:
    """Yield the clues of a message that asks for a kind, category or brand."""
    tier = _KIND if len(query.categories) < 2 else 0
    for kind in kinds:
        head = known_kind(kind) or kind[-1:]
        yield Clue(phrase=phrase(" ".join(head)), tier=tier)
        if len(head) < len(kind):
            yield Clue(phrase=phrase(" ".join(kind)), tier=tier, score=2)
    for word in with_joined(query.words):
        yield Clue(phrase=(word_forms(word),), tier_in_name=_MODEL if is_model(word) else None)
    for genre in filter(tokens, query.genres):
        yield Clue(phrase=phrase(genre))


def _said_or_liked(query: CatalogQuery) -> Iterator[Clue]:
    """Yield the clues of a message that asks for nothing in particular."""
    words = [word for word in query.words if word not in _ANYTHING]
    for word in with_joined(words):
        named = _ALL_WORDS if is_model(word) else None
        yield Clue(phrase=(word_forms(word),), tier=_WORDS, tier_in_name=named)
    if together := phrase(" ".join(words)):
        yield Clue(phrase=together, tier=_WORDS, tier_in_name=_ALL_WORDS, score=0)
    for genre in filter(tokens, query.genres):
        yield Clue(phrase=phrase(genre), tier=_WORDS)
    for kind in query.profile.preferred_instruments[:_MAX_LIKED]:
        yield from _liked(phrase(kind))


def _liked(kind: Phrase) -> Iterator[Clue]:
    if kind:
        yield Clue(phrase=kind, tier=_LIKED)
    if len(kind) > 1:
        yield Clue(phrase=kind[-1:])


def _why_nothing(search: Search, query: CatalogQuery) -> CatalogResult:
    stock, nearest = catalog.why_nothing(search)
    if not stock.is_left:
        is_missing = _is_asked(query) and not stock.is_carried
        return CatalogResult(outcome="not_carried" if is_missing else "found")
    if stock.is_cut and stock.is_in_budget and (hits := catalog.all_best_listings(search)):
        return _found(hits, search, query)  # of those that are not rated best
    if stock.is_in_budget:
        nearest = catalog.next_free(search) if search.is_bounded else nearest
        return CatalogResult(outcome="all_out", nearest=_items(nearest, query))
    if not nearest:
        nearest = [hit for hit in catalog.cheapest_of_all(search) if hit.is_available]
    if not nearest:  # owners have withdrawn what the budget would allow
        return CatalogResult(outcome="all_out")
    return CatalogResult(outcome="over_budget", nearest=_items(nearest, query))


def _named_items(query: CatalogQuery) -> CatalogResult:
    """Return these very listings as they are now; what cannot be had says so."""
    hits = catalog.listings_by_id(_row_ids(query.item_ids), query.today)
    return CatalogResult(items=_items(hits, query))


def _row_ids(ids: Sequence[int | str]) -> list[int]:
    """Return those that can be ids of listings; a model may write anything."""
    texts = [str(value) for value in ids]
    numbers = [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 11]
    return [number for number in numbers if 0 < number <= MAX_ROW_ID]


def _items(hits: Sequence[ListingHit], query: CatalogQuery) -> list[CatalogItem]:
    return [_item(hit, query) for hit in hits]


def _item(hit: ListingHit, query: CatalogQuery) -> CatalogItem:
    free = free_time(query.wanted_period, hit.taken_periods)
    is_own = query.user_id is not None and hit.owner_id == query.user_id
    is_offered = hit.is_available and hit.owner_is_active and not is_own and _can_be_booked(query)
    return CatalogItem(
        id=hit.listing_id,
        name=hit.name,
        price=hit.daily_rate,
        currency=CURRENCY,
        url=_url(hit.listing_id, query.period),
        description=hit.description,
        category=hit.category,
        brand=hit.brand,
        condition=hit.condition,
        location=hit.location,
        is_available=is_offered and free.is_free,
        free_from=free.free_from if is_offered else None,
        free_until=free.free_until if is_offered else None,
        levels=levels_of(hit.description),
    )


def _url(listing_id: int, period: Period | None) -> str:
    """Return the page of a listing, with the dates that the user named filled in."""
    dates = {"start": period.start, "end": period.end} if period else {}
    return f"/listings/{listing_id}" + (f"?{urlencode(dates)}" if dates else "")
