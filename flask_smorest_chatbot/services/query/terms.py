"""Which names of the vocabulary a message says, and which of them the user does not want."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from .names import WORD, Kind, Meaning, Names, is_english, singular, spelt_right
from .text import Message

#: Most words of a message that are looked at for misspelt names.
_MOST_WORDS = 400


@dataclass(frozen=True, kw_only=True)
class Term:
    """A name that a message says.

    :param span: where
    :param is_unwanted: whether the user says that they do not want it
    """

    span: tuple[int, int]
    meaning: Meaning
    is_unwanted: bool = False

    @property
    def kind(self) -> Kind:
        """What kind of name it is."""
        return self.meaning.kind


_BEFORE = (
    r"(?: (?:a|an|the|any|another|these|those|your|one|of|for|from|in|by|really|to|rent|renting"
    r"|more|just|use|using|get|getting|see|brand|something|anything|kind|stuff|made|made by"
    r"|called|like|another|big|huge|much|that|all|yet another)){0,5} ?$"
)
_UNWANTED = re.compile(
    r"(?:\b(?:(?<!why )not|no|without|except(?: for)?|excluding|excludes?|exclude|besides|apart from"
    r"|aside from|other than|different (?:from|than)|anything but|everything but|all but|rather than|instead of|neither"
    r"|nor|avoid(?:ing)?|hates?|hated|dislikes?|skip|minus|leave out|but no|but not|ohne|keine[nrm]?|kein|nicht|sin|sans"
    r"|pas de|pas|sauf|excepto|ausser|tired of|sick of|fed up with|bored (?:of|with)|allergic to|not interested in"
    r"|no interest in|not into|not keen on|not (?:a )?(?:big )?fan of|can't stand|cannot stand"
    r"|can't bear|not (?:like|want|need|care for|enjoy|love|fancy|trust)|detest|loathe)"
    r"|n't(?: really| actually)? (?:like|want|need|care for|care about|enjoy|love|fancy|trust|be a|a fan of|into|interested in|keen on)"
    r"|n't(?: a| an)?|anti)" + _BEFORE
)
# "I'd rather have a Nord than a Yamaha": it reaches across the name before.
_LESS_LIKED = re.compile(r"\b(?:rather|prefer) [^.;!?]{1,40} (?:than|over|to) (?:a |an |the )?$")
_UNWANTED_AFTER = re.compile(
    r"^(?: guitars?| one| ones)?(?: (?:is|are) (?:not (?:for me|my thing|an option|what)|out\b|no good)"
    r"|(?:'s| is|s are|s aren't| are|s) ?n?o?'?t (?:for me|my thing|an option)|,? no thanks|\? no\b| excluded\b| aside\b)"
)
_NOT_AFTER = re.compile(r"^ (?:experience|skills?|knowledge|lessons?|training|background|teacher|problem|matter)")
_LIST = re.compile(r"^(?: guitars?| instruments?| stuff)?,?(?: ?(?:or|nor|and|&|/|y|o|et|ou|und|oder)) ?(?:a |an |the |any |no )?$")
_COMMA = re.compile(r"^, ?(?:a |an |the |any )?$")
_PLACE_BEFORE = re.compile(r"\b(?:in|near|around|from|at|to|of|by|within|outside|close to|downtown|en|a|nach|bei|aus|a|cerca de|pres de) (?:the )?$")
_OURS_BEFORE = re.compile(r"\b(?:my|your|his|her|our|their) $|\b(?:the|a|an) $")
_OTHER_SENSE = {
    "country": re.compile(r"\b(?:my|the|this|your|our|another|whole|home|a|foreign|cross) $"),
    "pop": re.compile(r"\b(?:my|to|will|i'll|and|can|i) $"),
    "swing": re.compile(r"\b(?:to|i'll|will|can|could|i|the) $"),
    "rock": re.compile(r"\b(?:you|you guys|the|a|solid|i) $"),
    "metal": re.compile(r"\b(?:of|all|full|with) $"),
    "soul": re.compile(r"\b(?:my|a|the|poor) $"),
    "latin": re.compile(r"\b(?:speak|learn) $"),
}
_ADJECTIVES = frozenset({"electronic", "acoustic", "electric"})


def find_terms(message: Message, names: Names, left: str) -> list[Term]:
    """Return the names that a message says, in its order.

    :param left: the folded message, but for what is understood already
    """
    spots = list(WORD.finditer(left))[:_MOST_WORDS]
    words = spelt_right([spot[0] for spot in spots], names)
    singulars = [singular(word) for word in words]
    terms: list[Term] = []
    place = 0
    while place < len(spots):
        found = names.at(words, singulars, place)
        if found is None or not _is_unbroken(left, spots[place : place + found[0]]):
            place += 1
            continue
        length, meaning = found
        span = spots[place].start(), spots[place + length - 1].end()
        terms.append(Term(span=span, meaning=meaning))
        place += length
    terms = [term for number, term in enumerate(terms) if _is_meant(message, term, terms, number)]
    return _with_unwanted(left, terms)


def _is_unbroken(left: str, spots: Sequence[re.Match[str]]) -> bool:
    """Tell whether nothing but blanks and joining marks stands between the words of a name."""
    gaps = (left[one.end() : two.start()] for one, two in zip(spots, spots[1:], strict=False))
    return all(re.fullmatch(r"[ \-&'/.,]{1,3}", gap) for gap in gaps)


def _is_meant(message: Message, term: Term, terms: Sequence[Term], number: int) -> bool:
    """Tell a name from the same word in another sense: "my boss", "in the country"."""
    text, (start, end) = message.folded, term.span
    word, before = text[start:end], text[max(0, start - 24) : start]
    following = terms[number + 1] if number + 1 < len(terms) else None
    is_before_kind = bool(
        following and following.kind == "category" and len(text[end : following.span[0]]) < 2
    )
    match term.kind:
        case "brand":
            if " " in word or message.shown[start].isupper():
                return not (len(word) < 3 and not message.shown[start:end].isupper())
            if len(word) < 3:
                return is_before_kind
            return not (_OURS_BEFORE.search(before) and is_english(word) and not is_before_kind)
        case "genre":
            other = _OTHER_SENSE.get(word)
            if word in _ADJECTIVES and is_before_kind:
                return False
            return not (other and other.search(before))
        case "place":
            if _PLACE_BEFORE.search(before) or not is_english(word):
                return True
            return message.shown[start].isupper()
    return True


def is_turned_down(before: str) -> bool:
    """Tell whether the words before a name turn it down."""
    return bool(_UNWANTED.search(before))


def _with_unwanted(left: str, terms: Sequence[Term]) -> list[Term]:
    """Mark the names that are not wanted; "except Ibanez or Fender" holds for both."""
    marked: list[Term] = []
    previous_end = 0
    for number, term in enumerate(terms):
        before = left[max(previous_end, term.span[0] - 60) : term.span[0]]
        after = left[term.span[1] : term.span[1] + 40]
        unwanted = is_turned_down(before) and not _NOT_AFTER.match(after)
        if not unwanted and marked and marked[-1].is_unwanted and _same_list(left, terms, number):
            unwanted = True
        if _UNWANTED_AFTER.match(after) or (
            marked and _LESS_LIKED.search(left[max(0, term.span[0] - 60) : term.span[0]])
        ):
            unwanted = True
        marked.append(replace(term, is_unwanted=unwanted))
        previous_end = term.span[1]
    return marked


def _same_list(left: str, terms: Sequence[Term], number: int) -> bool:
    """Tell whether a name goes on with the list that the name before it is in."""
    term, previous = terms[number], terms[number - 1]
    gap = left[previous.span[1] : term.span[0]]
    if _LIST.match(gap):
        return True
    if not _COMMA.match(gap) or number + 1 >= len(terms):
        return False
    return bool(_LIST.match(left[term.span[1] : terms[number + 1].span[0]]))
