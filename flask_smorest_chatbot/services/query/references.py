"""What a message says of the items shown before: "the second one", "it", "something cheaper"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from ...catalog import CatalogItem
from .names import WORD
from .negation import is_turned_down
from .reference_words import (
    ALL,
    ALL_ABROAD,
    AT_PRICE,
    BEST_PRICE,
    BEST_PRICE_ABROAD,
    BOTH,
    CHEAPER,
    COUNTS,
    DEARER,
    FIRST_TURN,
    LAST_ABROAD,
    NTH,
    NTH_ABROAD,
    NTH_BARE,
    NUMBER,
    NUMBERS,
    ONE,
    ONE_ABROAD,
    ORDINALS,
    ORDINALS_ABROAD,
    OTHER,
    REST,
    SOME_BEST_PRICE,
    SUCH_ONE,
)
from .spelling import is_english
from .term import Term
from .text import Scan, fold

Wish = Literal["cheaper", "dearer", "other"]
#: A place in a message, and the items told there.
Told = tuple[int, Sequence[CatalogItem]]


@dataclass(frozen=True, kw_only=True)
class References:
    """What a message says of the items shown before.

    :param ids: of the items that it speaks of
    :param excluded_ids: of those that it turns down
    :param wish: for others than those shown
    :param notices: sentences on what could not be told
    """

    ids: tuple[int | str, ...] = ()
    excluded_ids: tuple[int | str, ...] = ()
    wish: Wish | None = None
    notices: tuple[str, ...] = ()
    has_any: bool = False


def take_references(
    scan: Scan,
    items: Sequence[CatalogItem],
    last_ids: Sequence[int | str],
    terms: Sequence[Term],
    priced: Sequence[Told] = (),
) -> References:
    """Return what a message says of the items shown before, and take it from the message.

    :param last_ids: of the items that the user's last message spoke of
    :param priced: from :func:`take_priced`
    """
    found: list[tuple[int, Sequence[CatalogItem], bool]] = []
    notices: list[str] = []
    text = scan.left
    for start, chosen in (*priced, *_named(scan, items, terms)):
        found.append((start, chosen, is_turned_down(text[max(0, start - 60) : start])))
    for start, chosen, words in _counted(scan, items):
        if items and not chosen:
            notices.append(f'There is no "{words}" among the {len(items)} shown.')
        elif not items:
            notices.append(f'Nothing was shown before that "{words}" could be.')
        found.append((start, chosen, is_turned_down(text[max(0, start - 60) : start])))
    if rest := _rest(scan, items, last_ids):
        found.append(rest)
    wish = _take_wish(scan)
    if not found and wish is None:
        # In "do you have a violin? is it free?" it is the violin.
        new = min((term.span[0] for term in terms if _is_new(term, items)), default=len(text))
        found += [
            (start, chosen, False)
            for start, chosen in _pronouns(scan, items, last_ids, notices, new)
        ]
    elif wish == "cheaper" or wish == "dearer":
        scan.take(ONE)
    kept = [
        item.id
        for _, chosen, out in sorted(found, key=lambda hit: hit[0])
        for item in chosen
        if not out
    ]
    out = [item.id for _, chosen, is_out in found for item in chosen if is_out]
    return References(
        ids=tuple(dict.fromkeys(kept)),
        excluded_ids=tuple(dict.fromkeys(out)),
        wish=wish,
        notices=tuple(notices),
        has_any=bool(found),
    )


def take_priced(scan: Scan, items: Sequence[CatalogItem]) -> list[Told]:
    """Return the items that a message tells by what they cost a day, and take them from it."""
    told: list[Told] = []
    for match in list(AT_PRICE.finditer(scan.left)):
        amount = Decimal(match["n"] or match["n2"])
        if chosen := [item for item in items if item.amount_per_day == amount]:
            scan.blank([match.span()])
            told.append((match.start(), chosen))
    return told


def nothing_shown(text: str) -> tuple[str, ...]:
    """Return what is to be said where a message speaks of items and none were shown before."""
    match = FIRST_TURN.search(text)
    return (f'Nothing was shown before that "{match[0].strip()}" could be.',) if match else ()


def _rest(
    scan: Scan, items: Sequence[CatalogItem], last_ids: Sequence[int | str]
) -> tuple[int, Sequence[CatalogItem], bool] | None:
    """Return the items meant by "the other two": those that were not spoken of last."""
    others = [item for item in items if item.id not in last_ids]
    if not others or len(others) == len(items):
        return None
    return next(((match.start(), others, False) for match in scan.take(REST)), None)


def _take_wish(scan: Scan) -> Wish | None:
    wishes: tuple[tuple[Wish, re.Pattern[str]], ...] = (
        ("cheaper", CHEAPER),
        ("dearer", DEARER),
        ("other", OTHER),
    )
    taken = [wish for wish, pattern in wishes if scan.take(pattern)]
    return taken[0] if taken else None


def _counted(
    scan: Scan, items: Sequence[CatalogItem]
) -> Iterator[tuple[int, Sequence[CatalogItem], str]]:
    """Yield the items told by their place in the list or by their price."""
    for match in (*scan.take(BEST_PRICE), *scan.take(BEST_PRICE_ABROAD)):
        priced = [item for item in items if item.amount_per_day is not None]
        best = (min if match["low"] else max)(priced, key=_price, default=None)
        yield match.start(), [best] if best else [], match[0]
    for match in scan.take(SOME_BEST_PRICE):
        count = COUNTS.get(match["count"]) or int(match["count"])
        by_price = sorted(items, key=_price, reverse=not match["low"])
        yield match.start(), by_price[:count], match[0]
    for match in scan.take(
        BOTH
    ):  # before what "both the first and the third" goes on with is taken
        yield match.start(), items[:2], match[0]
    for pattern in (NTH, NTH_BARE, NTH_ABROAD):
        for match in scan.take(pattern):
            yield match.start(), _nth(match, items), match[0].strip()
    for match in (*scan.take(NUMBERS), *scan.take(NUMBER)):
        chosen: list[CatalogItem] = []
        for said in (match["n"], match["n2"]):
            number = 0 if said is None else COUNTS.get(said) or int(said)
            chosen += items[number - 1 : number] if number else []
        yield match.start(), chosen, match[0]


def _nth(match: re.Match[str], items: Sequence[CatalogItem]) -> Sequence[CatalogItem]:
    nth, groups = match["nth"], match.groupdict()
    said = groups.get("count")
    count = 1 if said in (None, "one", "1") else COUNTS.get(said) or int(said)
    if re.fullmatch(f"last|{LAST_ABROAD}", nth):
        return items[-count:] if items else []
    number = _number(nth)
    return items[number - 1 : number - 1 + count] if number else []


def _number(nth: str) -> int:
    if nth in ORDINALS:
        return ORDINALS.index(nth) + 1
    abroad = (at for at, words in enumerate(ORDINALS_ABROAD, 1) if re.fullmatch(words, nth))
    return next(abroad, 0) or int(nth[:-2])


def _price(item: CatalogItem) -> Decimal:
    return item.amount_per_day or Decimal(0)


def _pronouns(
    scan: Scan,
    items: Sequence[CatalogItem],
    last_ids: Sequence[int | str],
    notices: list[str],
    until: int,
) -> Iterator[Told]:
    """Yield the items meant by "them" or "it"; "it" among several is the first.

    :param until: from here on they mean something else
    """
    spoken_of = [item for item in items if item.id in last_ids] or list(items)
    for match in (*scan.take(ALL), *scan.take(ALL_ABROAD)):
        if match.start() < until:
            yield match.start(), spoken_of if len(spoken_of) > 1 else items
    for match in (*scan.take(ONE), *scan.take(ONE_ABROAD)):
        if match.start() >= until:
            continue
        if len(spoken_of) > 1:
            notices.append(f'"{match[0]}" was taken to be {spoken_of[0].name}.')
        yield match.start(), spoken_of[:1]


def _named(
    scan: Scan, items: Sequence[CatalogItem], terms: Sequence[Term]
) -> Iterator[tuple[int, Sequence[CatalogItem]]]:
    """Yield the items told by their model, maker, kind or place."""
    text = scan.left
    models = list(_models(text, items))
    yield from models
    of_models = [item for _, chosen in models for item in chosen]
    for term in terms:
        if term.kind == "brand" and any(_is(item, term) for item in of_models):
            scan.blank([term.span])
    for term in terms:
        start, end = term.span
        before, after = text[max(0, start - 16) : start], text[end : end + 12]
        is_definite = re.search(r"\b(?:the|that|this) $", before) or re.match(
            r" (?:one|1)\b", after
        )
        is_one_in = re.search(r"\b(?:the|that|which|any) one (?:in|from|at) $", before)
        is_other_model = term.kind == "brand" and re.match(r" [^\W_]{0,6}-?\d", after)
        if not (is_definite or is_one_in) or models or is_other_model:
            continue
        matching = [item for item in items if _is(item, term)]
        if matching and (term.kind in ("brand", "place") or len(matching) == 1):
            scan.blank([(start, end)])
            yield start, matching


def _is(item: CatalogItem, term: Term) -> bool:
    fields = {"brand": item.brand, "category": item.category, "place": item.location}
    said = fields.get(term.kind)
    if said is None and term.kind in ("brand", "category"):
        said = item.name
    if not said:
        return False
    names = [fold(value) for value in term.meaning.values]
    known = fold(said)
    return known in names or (term.kind != "category" and any(name in known for name in names))


def _is_new(term: Term, items: Sequence[CatalogItem]) -> bool:
    """Tell a kind or maker that is asked for and was not shown."""
    is_asked = term.kind in ("category", "brand", "other") and not term.is_unwanted
    return is_asked and not any(_is(item, term) for item in items)


def _models(text: str, items: Sequence[CatalogItem]) -> Iterator[tuple[int, Sequence[CatalogItem]]]:
    """Yield the items whose whole name or model a message says, however it joins its parts."""
    spots = list(WORD.finditer(text))[:400]
    starts: dict[str, int] = {}
    for place in range(len(spots)):
        for length in range(1, 6):
            said = "".join(spot[0] for spot in spots[place : place + length])
            starts.setdefault(said, spots[place].start())
    telling = _telling_words(items)
    for match in SUCH_ONE.finditer(text):
        such = [item for item in items if match["word"] in WORD.findall(fold(item.name))]
        if len(such) == 1:
            yield match.start(), such
    for item in items:
        name = "".join(WORD.findall(fold(item.name)))
        brand = "".join(WORD.findall(fold(item.brand or "")))
        model = name.removeprefix(brand) if brand else name
        for spelling in (name, model if len(model) > 2 else name):
            if spelling in starts:
                yield starts[spelling], [item]
                break
        else:
            yield from ((spot.start(), [item]) for spot in spots if telling.get(spot[0]) is item)


def _telling_words(items: Sequence[CatalogItem]) -> dict[str, CatalogItem]:
    """Return the words that tell one of some items: "Minilogue", but no maker and no "acoustic"."""
    told: dict[str, list[CatalogItem]] = {}
    for item in items:
        known = WORD.findall(fold(f"{item.brand or ''} {item.category or ''}"))
        for word in dict.fromkeys(WORD.findall(fold(item.name))):
            if word not in known and len(word) > 4 and word.isalpha() and not is_english(word):
                told.setdefault(word, []).append(item)
    return {word: found[0] for word, found in told.items() if len(found) == 1}
