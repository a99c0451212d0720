"""Tell whether a text that names something speaks for it or against it. Pure.

Read is the clause in which a name stands, as far as the names before and behind it, and what the
text goes on to say of it. Names with only "and" or a comma between them share what is said of
them. Whatever is not plainly spoken against counts as advised.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from enum import IntEnum

from .clauses import READ, Clauses
from .contrasts import Span, only_named
from .cues import (
    AFTER,
    ARTICLES,
    ASIDE,
    BEFORE,
    COMPARATIVE,
    CONCEDING,
    LEADS_TO,
    MARKS_AGAINST,
    MEANS,
    NO,
    ONLY_DENIED,
    REST,
    SETS,
    SINGULAR,
    THAN,
    THEIRS,
    UNSPACED_BEFORE,
    WHY,
    WITHOUT,
    Cue,
)
from .headings import is_denied_in_row, is_under_no
from .words import Word, fold, plain


class Stand(IntEnum):
    """How a text stands to what it names."""

    AGAINST = -1
    #: Only named as the lesser of two.
    LESSER = 0
    #: Only named on the way to another.
    NAMED = 1
    FOR = 2


#: What may stand between the names of a list.
_GLUE = re.compile(
    r"(?:[\s,&/+*_`\"'\u3001]|\([^()\n]{0,40}\)|\b(?:and|or|nor|y|e|o|ni|et|ou|und|oder|noch|ed|en"
    r"|of|oraz|i|lub|also|both|either|neither|" + "|".join(ARTICLES) + r")\b|\u548c|\u3068|\u6216)*"
)
_LONGEST_GLUE = 60
#: Words between "instead of" and a name: "instead of spending 75 dollars on the".
_MOST_OTHERS = 6
_LONGEST_DENIAL = 6  # words


def stands(text: str, words: Sequence[Word], spans: Sequence[Span]) -> list[Stand]:
    """Return how a text stands to each of the things that it names.

    :param words: of the text
    :param spans: the words that name them, in order and without overlaps
    """
    clauses = Clauses(text, words)
    linked = [
        at > 0
        and _is_linked(clauses, spans[at - 1], spans[at])
        and not _ends_condition(clauses, spans[at - 1], spans[at])
        for at in range(len(spans))
    ]
    against = _shared(linked, lambda at: _is_against_behind(clauses, spans, at))
    denied = _shared(linked, lambda at: _is_only_denied(clauses, spans[at][1]))
    passed = only_named(clauses, spans, linked)
    found: list[Stand] = []
    before = last = Stand.FOR
    for at, span in enumerate(spans):
        floor = spans[at - 1][1] if at else 0
        # "Unlike the A, the B" is no list.
        last = last if linked[at] or not found else found[-1]
        if not linked[at] or (before is Stand.LESSER and _has_comma(clauses, floor, span[0])):
            before = _before(clauses, span, floor, found[-1] if found else Stand.FOR)
            if _is_in_denied_list(clauses, spans, at, found):
                before = Stand.AGAINST
        if _is_exception(clauses, span, floor) or (denied[at] and last is Stand.AGAINST):
            found.append(Stand.FOR)
        elif denied[at] and found and _is_praise(clauses, floor, span[0]):
            found.append(Stand.AGAINST)
        else:
            found.append(Stand.AGAINST if against[at] else before)
    return [
        Stand.NAMED if stand is Stand.FOR and by else stand
        for stand, by in zip(found, passed, strict=True)
    ]


def _is_in_denied_list(
    clauses: Clauses, spans: Sequence[Span], at: int, found: Sequence[Stand]
) -> bool:
    """Tell the B in "none is free: the A is taken until Monday, and the B until Tuesday"."""
    if not found or found[-1] is not Stand.AGAINST:
        return False
    first, last = spans[at - 1][0], spans[at][0]
    if ":" not in clauses.gap(clauses.start_of_clause(first, max(0, first - READ))):
        return False
    between = range(spans[at - 1][1], last)
    if any("\n" in clauses.gap(place) or clauses.ends_clause(place) for place in (*between, last)):
        return False
    return not any(clauses.words[place].text in CONCEDING for place in between)


def _is_linked(clauses: Clauses, previous: Span, span: Span) -> bool:
    """Tell whether only "and" or the like stands between two names."""
    between = clauses.text[clauses.words[previous[1] - 1].end : clauses.words[span[0]].start]
    if len(between) > _LONGEST_GLUE or "\n" in between or _is_again(clauses, previous, span):
        return False
    if "," in between and _is_theirs(clauses, previous[0]):
        return False
    if _GLUE.fullmatch(fold(between)) is None:
        return False
    return not (_is_subject(clauses, span) and re.fullmatch(r",\s*\w*\s+", between))


def _is_subject(clauses: Clauses, span: Span) -> bool:
    """Tell "the A will do, the B is too big" from "the A, the B and the C are free"."""
    after = clauses.words[span[1] : span[1] + 1]
    return bool(after) and after[0].text in SINGULAR and clauses.gap(span[1]) == " "


def _ends_condition(clauses: Clauses, previous: Span, span: Span) -> bool:
    """Tell "if you don't like the A, the B" from "if you like the A, the B and the C"."""
    if span[0] - previous[1] > 1 or not _has_comma(clauses, previous[1], span[0]):
        return False
    start = clauses.start_of_clause(previous[0], max(0, previous[0] - READ))
    cues = [clauses.cue(BEFORE, at, previous[0])[0] for at in range(start, previous[0])]
    return Cue.IF in cues and Cue.NOT in cues


def _is_again(clauses: Clauses, previous: Span, span: Span) -> bool:
    """Tell whether a name repeats the one before it: "of the A and the B, the B"."""
    one, two = (tuple(word.text for word in clauses.words[slice(*it)]) for it in (previous, span))
    return one == two


def _has_comma(clauses: Clauses, start: int, end: int) -> bool:
    return any(clauses.has_comma(at) for at in range(start, end + 1))


# -- behind a name -----------------------------------------------------------------------------


def _shared(linked: Sequence[bool], tells: Callable[[int], bool]) -> Sequence[bool]:
    """Tell of each name what is told of the last one of its list."""
    told = [False] * len(linked)
    for at in reversed(range(len(linked))):
        is_inner = at + 1 < len(linked) and linked[at + 1]
        told[at] = told[at + 1] if is_inner else tells(at)
    return told


def _is_only_denied(clauses: Clauses, start: int) -> bool:
    """Tell "the A is light. The B isn't": what was said of the one before is not so of this."""
    end = start
    while end < min(start + _LONGEST_DENIAL, len(clauses.words)):
        is_over = clauses.ends_clause(end) or clauses.has_comma(end)
        if is_over or clauses.cue(AFTER, end, end + 1)[0] is Cue.BREAK:
            break
        end += 1
    said = " ".join(word.text for word in clauses.words[start:end])
    return ONLY_DENIED.fullmatch(said) is not None


def _is_praise(clauses: Clauses, start: int, end: int) -> bool:
    """Tell "is free" from "has a fixed lens"."""
    return any(clauses.cue(AFTER, at, end)[0] is Cue.WORTH for at in range(start, end))


def _is_against_behind(clauses: Clauses, spans: Sequence[Span], at: int) -> bool:
    """Tell whether what is said behind a name, as far as the next, speaks against it."""
    start = spans[at][1]
    until = spans[at + 1][0] if at + 1 < len(spans) else len(clauses.words)
    until = min(until, start + READ)
    if start < until and "?" in clauses.gap(start):
        cue, _ = clauses.cue(AFTER, start, until)
        if cue is Cue.BAD or clauses.words[start].text in NO:
            return True
    end = clauses.words[start - 1].end
    if MARKS_AGAINST.search(_rest_of_line(clauses, start, until)):
        return True
    if is_denied_in_row(clauses.text, end) or _is_set_aside(clauses, start):
        return True
    return clauses.speaks_against(start, until)


def _is_set_aside(clauses: Clauses, at: int) -> bool:
    """Tell "I left the A out", whose verb has its second half behind the name."""
    if at == len(clauses.words) or clauses.gap(at) != " " or clauses.words[at].text not in ASIDE:
        return False
    if [word.text for word in clauses.words[at + 1 : at + 2]] == ["for"]:  # it is kept for the user
        return False
    start = clauses.start_of_clause(at, max(0, at - READ))
    return any(word.text in SETS for word in clauses.words[start:at])


def _rest_of_line(clauses: Clauses, start: int, until: int) -> str:
    """Return the line behind a name, as far as the next one."""
    words = clauses.words
    end = words[until].start if until < len(words) else len(clauses.text)
    return clauses.text[words[start - 1].end : end].partition("\n")[0]


# -- before a name -----------------------------------------------------------------------------


def _before(clauses: Clauses, span: Span, floor: int, previous: Stand) -> Stand:
    """Tell how what leads to a name stands to it.

    :param floor: the word behind the name before
    :param previous: how the text stands to that
    """
    first = span[0]
    start = clauses.start_of_clause(first, max(floor, first - READ))
    if _is_marked(clauses, first) or is_under_no(clauses, first, start, floor):
        return Stand.AGAINST
    if _is_theirs(clauses, first):
        return Stand.AGAINST
    count, is_lesser = _denials(clauses, start, first)
    if is_lesser and start == floor and previous is Stand.AGAINST:
        return Stand.FOR
    if count % 2 == 0 or _is_superlative(clauses, span[1]):
        return Stand.FOR
    return Stand.LESSER if is_lesser else Stand.AGAINST


def _is_theirs(clauses: Clauses, first: int) -> bool:
    """Tell "a lens for your Z50" from "your Z50 is ready"."""
    start = clauses.words[first].start
    return THEIRS.search(plain(clauses.text[max(0, start - 30) : start])) is not None


def _is_marked(clauses: Clauses, first: int) -> bool:
    """Tell whether a cross stands before a name, on its line."""
    start = clauses.words[first].start
    if clauses.text.endswith("~~", 0, start):
        return True
    return bool(MARKS_AGAINST.search(clauses.text[max(0, start - 20) : start].rpartition("\n")[2]))


def _denials(clauses: Clauses, start: int, first: int) -> tuple[int, bool]:
    """Return how often a clause denies what follows it, and whether as the lesser of two."""
    count, at, is_lesser, rejected = 0, start, False, first
    while at < first:
        cue, end = clauses.cue(BEFORE, at, first)
        is_means = count == 1 and at > rejected and _tells_means(clauses, at)
        if is_means or _tells_purpose(clauses, at) or _is_new_clause(clauses, cue, end, first):
            count = 0
        elif cue is Cue.NOT:
            only, behind = clauses.cue(BEFORE, end, first)
            end = behind if only is Cue.ONLY else end
            count += only is not Cue.ONLY and not (at and clauses.words[at - 1].text in WHY)
        elif cue is Cue.LESSER or _is_than(clauses, at):
            is_lesser = _is_direct(clauses, end, first, others=1 if end - at < 2 else _MOST_OTHERS)
            count += is_lesser
        elif cue is Cue.REGRET:
            count += _is_direct(clauses, end, first)
        elif (
            cue is Cue.REJECT and clauses.words[at].text in WITHOUT
        ):  # not "without an amp you'd be happier with the"
            count += _is_direct(clauses, end, first, others=1)
        else:
            count += cue is Cue.REJECT or _is_unspaced(clauses.words[at].text)
            rejected = min(rejected, end) if cue is Cue.REJECT else rejected
        at = end
    return count, is_lesser


def _is_unspaced(word: str) -> bool:
    return not word.isascii() and UNSPACED_BEFORE.search(word) is not None


def _is_new_clause(clauses: Clauses, cue: Cue | None, end: int, first: int) -> bool:
    """Tell "rather the" from "better than the", which many languages say with one word."""
    is_comparison = end < first and clauses.words[end].text in THAN
    return cue is Cue.IF or (cue is Cue.BREAK and not is_comparison)


def _is_superlative(clauses: Clauses, at: int) -> bool:
    """Tell "I cannot recommend it enough"."""
    behind = " ".join(word.text for word in clauses.words[at : at + 3])
    return re.match(r"(?:\w+ )?(?:enough|more highly|highly enough)\b", behind) is not None


def _is_exception(clauses: Clauses, span: Span, floor: int) -> bool:
    """Tell "apart from the A all are taken" from "apart from the A all are in your budget"."""
    first, at = span
    if at == len(clauses.words) or clauses.words[at].text not in REST:
        return False
    if not _denials(clauses, clauses.start_of_clause(first, max(floor, first - READ)), first)[1]:
        return False
    until = min(at + READ, len(clauses.words))
    end = next((place for place in range(at + 1, until) if clauses.ends_clause(place)), until)
    cues = [clauses.cue(AFTER, place, end)[0] for place in range(at, end)]
    return Cue.WORTH not in cues or Cue.NOT in cues


def _is_direct(clauses: Clauses, start: int, first: int, others: int = 0) -> bool:
    """Tell whether only articles, and at most so many other words, lead to a name."""
    words = clauses.words[start:first]
    return sum(word.text not in ARTICLES for word in words) <= others


def _is_than(clauses: Clauses, at: int) -> bool:
    """Tell a "than" of languages in which the word means much else, too."""
    if clauses.words[at].text not in THAN:
        return False
    return any(COMPARATIVE.match(word.text) for word in clauses.words[max(0, at - 8) : at])


def _tells_means(clauses: Clauses, at: int) -> bool:
    """Tell "skip the queue with the" from "avoid going with the"."""
    return clauses.words[at].text in MEANS and clauses.words[at - 1].text not in ("go", "going")


def _tells_purpose(clauses: Clauses, at: int) -> bool:
    """Tell "you need no stage to play the" from "you need not take the"."""
    return clauses.words[at].text == "to" and clauses.words[at - 1].text not in LEADS_TO
