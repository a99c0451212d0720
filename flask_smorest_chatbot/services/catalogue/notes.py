"""What the catalogue and the site's records say of this turn, in sentences. Pure.

The model is told them, and the client is shown them, so that what the user reads does not hang on
how well a model retells it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...catalog import CatalogItem, CatalogQuery, CatalogResult, Fact
from .offers import day_in_words, days_in_words, in_words, money
from .ranking import is_free

_DATES, _BUDGET = "The dates asked for", "The budget"


def notes(query: CatalogQuery, result: CatalogResult, facts: Sequence[Fact]) -> list[str]:
    """Return what the model is to rely on beside the items, in the order of its use."""
    told = [f"{fact.text} (page: {fact.url})" if fact.url else fact.text for fact in facts]
    if facts:
        told.append("You cannot book, change or cancel anything; the page can.")
    told += understood(query)
    told += [*query.assumptions, *other_currency(query, result.items)]
    if verdict := catalogue_note(query, result):
        told.append(verdict)
    return told


def understood(query: CatalogQuery) -> list[str]:
    """Return how the user's dates and budget were understood."""
    told = []
    if query.period:
        days = days_in_words(query.period.days)
        told.append(f"{_DATES}: {in_words(query.period)} ({days}).")
    if query.budget and query.budget.most is not None:
        told.append(f"{_BUDGET}: {limit(query)}.")
    return told


def not_asked(query: CatalogQuery) -> list[str]:
    """Return what takes back the dates and the budget that an earlier question had."""
    told = understood(query)
    kinds = (kind for kind in (_DATES, _BUDGET) if not any(note.startswith(kind) for note in told))
    return [f"{kind}: none." for kind in kinds]


def other_currency(query: CatalogQuery, items: Sequence[CatalogItem]) -> list[str]:
    """Return that the budget cannot be compared, if its currency is none of the items'."""
    currencies = {item.currency for item in items if item.amount is not None}
    if query.budget is None or not currencies or query.budget.currency in currencies:
        return []
    return [f"Prices are in {', '.join(sorted(currencies))}, not in {query.budget.currency}."]


def catalogue_note(query: CatalogQuery, result: CatalogResult) -> str:
    """Return why there is nothing to recommend, or "" when there is something."""
    if taken := " ".join(_not_to_be_had(query, result.items)):
        return taken
    is_rest = bool(query.excluded_ids)
    nothing, all_ = ("Nothing else", "All others") if is_rest else ("Nothing", "All")
    match result.outcome:
        case "found" if is_rest and not result.items:
            return "There is nothing else that fits: the rest was shown before or turned down."
        case "not_carried":
            return f"This site does not carry this: {asked_for(query)}."
        case "all_out":
            if not result.nearest:
                return f"{nothing} that fits can be had {_when(query)}."
            return f"{all_} that fit are taken {_when(query)}.{_first_back(result.nearest)}"
        case "over_budget":
            return f"{nothing} that fits costs {limit(query)}.{_nearest(result.nearest)}"
    return ""


def assumptions(query: CatalogQuery) -> list[str]:
    """Return what was taken for granted of an offer because the user did not say it."""
    assumed: list[str] = []
    if query.period is None:
        assumed.append("No dates were given: availability is as of today.")
    if query.budget is None and not query.any_price:
        most = query.profile.budget_max
        assumed.append(
            "No budget is known: all prices are considered."
            if most is None
            else f"The budget of the profile: at most {most}."
        )
    if not (query.level or query.profile.experience_level):
        assumed.append("The experience level is not known.")
    return assumed


def asked_for(query: CatalogQuery) -> str:
    """Return what the user asked for, in a few words."""
    brands, categories = " or ".join(query.brands), " or ".join(query.categories)
    return query.wanted or " ".join(filter(None, (brands, categories))) or "that"


def limit(query: CatalogQuery) -> str:
    """Return the budget in words: ``at most $20.00 a day``."""
    if query.budget is None or query.budget.most is None:
        most = query.profile.budget_max
        return "what the budget allows" if most is None else f"at most {most}"
    unit = "in total" if query.budget.unit == "total" else f"a {query.budget.unit}"
    return f"at most {money(query.budget.most, query.budget.currency)} {unit}"


def _when(query: CatalogQuery) -> str:
    return f"from {in_words(query.period)}" if query.period else "today"


def _first_back(items: Sequence[CatalogItem]) -> str:
    return "".join(
        f" {item.name} is free from {day_in_words(item.free_from)}."
        for item in items[:1]
        if item.free_from
    )


def _nearest(items: Sequence[CatalogItem]) -> str:
    return "".join(
        f" The nearest is {item.name} at {money(item.amount, item.currency)} a {item.price_unit}."
        for item in items[:1]
        if item.amount is not None
    )


def _not_to_be_had(query: CatalogQuery, items: Sequence[CatalogItem]) -> Iterator[str]:
    """Say of the items that the user speaks of which cannot be had."""
    for item in items:
        if not is_free(item, query):
            again = f"; it is free from {day_in_words(item.free_from)}" if item.free_from else ""
            yield f"{item.name} (id {item.id}) is not free {_when(query)}{again}."
