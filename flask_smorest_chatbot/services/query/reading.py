"""What one message says by itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from ...catalog import CatalogItem, Vocabulary
from .drops import take_courtesies, take_drops
from .levels import take_level
from .money import Money, take_money
from .names import Kind, names_of
from .periods import When, take_when
from .places import take_unknown_places
from .plain_words import is_no_item
from .references import References, Wish, nothing_shown, take_priced, take_references
from .refused import find_refused
from .term import Term
from .terms import find_terms
from .text import TAKEN, Scan, read
from .uses import is_activity
from .wanted import search_words, wanted_thing

#: Common words by which a message goes on with the earlier request; any other word does, too.
_GOES_ON = re.compile(
    r"^(?:and|or|but|(?:what|how) about)\b|\b(?:expensive|cheap|better|same|instead|ones?|something"
    r"|anything|with|without)\b"
)
_OTHER_BRAND = re.compile(r"\b(?:other|another|different) (?:brand|make)")


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What one message says, before what was said earlier is joined to it.

    :param terms: names of the vocabulary in it
    :param denied_level: level that the user says not to have
    :param drops: what the user no longer asks for
    :param refused: models and other names that the user does not want
    :param notices: sentences on what could not be taken
    :param goes_on: whether its words show it to go on with the earlier request
    """

    money: Money | None = None
    when: When = field(default_factory=When)
    terms: Sequence[Term] = ()
    level: str | None = None
    denied_level: str | None = None
    references: References = field(default_factory=References)
    drops: frozenset[str] = frozenset()
    wanted: str | None = None
    words: Sequence[str] = ()
    goes_on: bool = False
    refused: Sequence[str] = ()
    notices: Sequence[str] = ()

    def values(self, kind: Kind, *, unwanted: bool = False) -> tuple[str, ...]:
        """Return the vocabulary's values that the message names, without repeats."""
        terms = [term for term in self.terms if term.kind == kind and term.is_unwanted is unwanted]
        return tuple(dict.fromkeys(value for term in terms for value in term.meaning.values))

    @property
    def says_something(self) -> bool:
        """Whether there is anything in it to search by."""
        when = self.when
        return bool(
            self.money
            or when.period
            or when.count
            or when.until
            or when.shift
            or when.following
            or self.terms
            or self.refused
            or self.level
            or self.denied_level
            or self.references.has_any
            or self.references.wish
            or self.drops
            or self.wanted
        )


def read_message(
    text: str,
    vocabulary: Vocabulary,
    today: date,
    shown: Sequence[CatalogItem] | None,
    last_ids: Sequence[int | str] = (),
    *,
    has_period: bool = False,
) -> Reading:
    """Return what a message says.

    :param shown: items recommended before; None if there was no earlier turn
    :param last_ids: of the items that the user's last message spoke of
    :param has_period: whether dates are known, after which "the week after" may be
    """
    message = read(text)
    scan = Scan(message.folded)
    take_courtesies(scan)
    priced = take_priced(scan, shown or ())  # before its amount is taken for a budget
    money = take_money(scan)
    drops = take_drops(scan)
    when = take_when(scan, today, has_period=has_period)
    terms = find_terms(message, names_of(vocabulary), scan.left)
    level, denied = take_level(scan, vocabulary, terms)
    refused, refused_spans, terms = find_refused(message, scan.left, terms)
    references = References()
    if shown is not None:
        references = take_references(scan, shown, last_ids, terms, priced)
    if shown and "brands" in drops and references.wish is None:
        wish: Wish | None = "other" if _OTHER_BRAND.search(message.folded) else None
        references = replace(references, wish=wish)
    if references.has_any:  # "is it good for recording?" asks for nothing else
        terms = [term for term in terms if not is_activity(scan.left, term)]
    scan.blank(refused_spans)
    unknown_places = take_unknown_places(message, scan, vocabulary, terms)
    terms = [term for term in terms if TAKEN not in scan.left[slice(*term.span)]]
    wanted = wanted_thing(message, scan.left, terms, is_open=not references.ids)
    if not (shown or terms or refused or money or wanted or references.notices):
        references = replace(references, notices=nothing_shown(message.folded))
    words = search_words(scan.left, terms)
    return Reading(
        money=_paid_for_period(money, when),
        when=when,
        terms=terms,
        level=level,
        denied_level=denied,
        references=references,
        drops=frozenset(drops),
        wanted=wanted,
        words=words,
        refused=refused,
        notices=unknown_places,
        goes_on=bool(_GOES_ON.search(message.folded)) or not all(map(is_no_item, words)),
    )


def _paid_for_period(money: Money | None, when: When) -> Money | None:
    """Take "$100 for 3 days" and "$200 for 12-19 December" for a total."""
    if money is None or money.is_unit_said or money.for_at is None:
        return money
    starts = [start for start, _ in when.spans if abs(start - money.for_at) <= 5]
    if not starts:
        return money
    return replace(money, budget=replace(money.budget, unit="total"), is_unit_said=True)
