"""Tell what a text only names on its way to another thing: "the A is dear, so take the B". Pure.

Read are a name, what is said of it, and what leads to the next name of the paragraph. What adds
that name to the first, or offers it on a condition, makes no contrast: "also", "if".
"""

from __future__ import annotations

from collections.abc import Sequence

from .clauses import READ, Clauses
from .contrast_words import (
    ADDS,
    BREAKS,
    LEADS_ON,
    LIST_MARK,
    NEXT_LINE,
    STOP,
    SUFFICES,
    WEAK,
    WISH,
    YOURS,
)
from .cues import AFTER, BEFORE, Cue
from .words import plain, words_of

#: Words ``first`` to ``last`` (exclusive) of a text, which name something.
Span = tuple[int, int]

#: Characters around a name that are read.
_NEAR = 60
#: Most sentences between two names that may contrast.
_MOST_SENTENCES = 3


def only_named(clauses: Clauses, spans: Sequence[Span], linked: Sequence[bool]) -> Sequence[bool]:
    """Tell of each name whether the text only comes by it on its way to another one.

    :param linked: of each name whether it is listed together with the one before it
    """
    passed = [False] * len(spans)
    first = 0
    for at, span in enumerate(spans):
        if at + 1 < len(spans) and linked[at + 1]:
            continue
        following = spans[at + 1] if at + 1 < len(spans) else None
        between = _between(clauses, span, following)
        if not (
            _is_yours(clauses, spans[first])
            or (between and _is_passed(clauses, spans[first], span, following, between))
        ):
            first = at + 1
        passed[first : at + 1] = [True] * (at + 1 - first)
        first = at + 1
    return passed


def _between(clauses: Clauses, last: Span, following: Span | None) -> str:
    """Return what stands between two names, folded; nothing if they are far apart."""
    if following is None or following[0] - last[1] > READ:
        return ""
    words = clauses.words
    text = clauses.text[words[last[1] - 1].end : words[following[0]].start]
    line = clauses.text.rfind("\n", 0, words[last[0]].start) + 1
    is_listed = "\n" in text and LIST_MARK.match(clauses.text, line)
    return "" if is_listed or NEXT_LINE.search(text) else plain(text)


def _is_yours(clauses: Clauses, first: Span) -> bool:
    return YOURS.search(_before(clauses, first)) is not None


def _before(clauses: Clauses, first: Span) -> str:
    """Return what leads to a name in its sentence, folded."""
    start = clauses.words[first[0]].start
    return STOP.split(plain(clauses.text[max(0, start - _NEAR) : start]))[-1]


def _behind(clauses: Clauses, last: Span) -> str:
    """Return what follows a name in its sentence, folded."""
    end = clauses.words[last[1] - 1].end
    return STOP.split(plain(clauses.text[end : end + _NEAR]))[0]


def _is_passed(
    clauses: Clauses, first: Span, last: Span, following: Span | None, between: str
) -> bool:
    """Tell whether a list of names, ``first`` to ``last``, is left behind for the one after it."""
    assert following is not None
    *said, way = STOP.split(between)
    if len(said) > _MOST_SENTENCES:
        return False
    before, behind = _before(clauses, first), _behind(clauses, following)
    if first != last and between.lstrip().startswith("?") and not ADDS.search(way):
        return True
    led = way if said else f"{before[-30:]} , {way}"  # a "while" may stand before the first name
    leads = LEADS_ON.search(led)
    if ADDS.search(led, leads.start() + 2 if leads else 0):
        return False
    if SUFFICES.match(behind) and BREAKS.search(led):
        return True
    if leads or not said:
        return leads is not None
    if SUFFICES.match(behind) or WISH.search(way):
        return True
    return _is_foil(clauses, last[1], " . ".join(said))


def _is_foil(clauses: Clauses, start: int, said: str) -> bool:
    """Tell whether what is said of a thing ends on a reserve, and not on what excuses that."""
    if WISH.search(said):
        return True
    breaks = [found.start() for found in BREAKS.finditer(said)]
    end = start + len(words_of(said))
    since = clauses.words[start - 1].end
    reserves = [
        clauses.words[at].start - since for at in range(start, end) if _is_reserve(clauses, at, end)
    ]
    reserves = sorted([*reserves, *(found.start() for found in WEAK.finditer(said))])
    if not reserves:
        return bool(breaks) and breaks[-1] > 1
    return not any(place > reserves[-1] for place in breaks)


def _is_reserve(clauses: Clauses, at: int, end: int) -> bool:
    cue, until = clauses.cue(AFTER, at, end)
    if cue in (Cue.BAD, Cue.TOO, Cue.REGRET):
        return True
    if cue is not Cue.NOT:
        return False
    turned = (clauses.cue(BEFORE, place, end)[0] for place in range(until, min(until + 3, end)))
    return not any(word in (Cue.ONLY, Cue.REJECT) for word in turned)
