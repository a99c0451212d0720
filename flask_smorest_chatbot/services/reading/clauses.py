"""A text as words with cues among them and gaps between them. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from .cues import AFTER, BEFORE, CONCEDING, DONE, LATER_SUBJECTS, UNSPACED_AFTER, Cue, Table
from .words import Word

_SENTENCE_END = re.compile(r"[.!?;\u3002\uff01\uff1f](?!\w)|[\n|:\uff1a\u2014\u2013]|\s-\s")
_FULL_STOP = re.compile(r"[.!?;\u3002\uff01\uff1f]")
_COMMA = re.compile(r"[,\uff0c]")
#: Words around a name that are read.
READ = 30
#: How many words far a NOT, and words such as "out of", reach.
_REACH = 4
_FAR = 99
_CURRENCY = re.compile("[$\u20ac\u00a3]")
#: Words after which an amount is about the price and no limit.
_NEARLY = frozenset("little bit slightly just".split())


class Clauses:
    """A text, to be read clause by clause.

    :param words: of the text
    """

    def __init__(self, text: str, words: Sequence[Word]) -> None:
        self.text = text
        self.words = words

    def gap(self, at: int) -> str:
        """Return what stands between a word and the one before it."""
        start = self.words[at - 1].end if at else 0
        return self.text[start : self.words[at].start]

    def cue(self, table: Table, at: int, end: int) -> tuple[Cue | None, int]:
        """Return what the longest phrase at a word, not beyond ``end``, does, and where it ends."""
        if at < end and (phrases := table.get(self.words[at].text)):
            for rest, cue in phrases:
                until = at + 1 + len(rest)
                phrase = tuple(word.text for word in self.words[at + 1 : until])
                if until <= end and phrase == rest:
                    return cue, until
        return None, at + 1

    def ends_clause(self, at: int) -> bool:
        """Tell whether a sentence, a line or a part of one ends just before a word."""
        gap = self.gap(at)
        if gap == " " or _SENTENCE_END.search(gap) is None:
            return False
        return not self._is_in_number(at, gap)

    def _is_in_number(self, at: int, gap: str) -> bool:
        """Tell "$23.00" and "2:30" from the end of a sentence."""
        return (
            gap in (".", ":")
            and self.words[at].text.isdigit()
            and self.words[at - 1].text.isdigit()
        )

    def has_comma(self, at: int) -> bool:
        """Tell whether a comma stands just before a word."""
        gap = self.gap(at)
        return "," in gap or "\uff0c" in gap

    def start_of_clause(self, last: int, floor: int) -> int:
        """Return the first word of the clause that leads to a word, not before ``floor``."""
        for at in range(last, floor, -1):
            is_opening = self.cue(BEFORE, at - 1, at)[0] is Cue.REGRET  # "Unfortunately, the"
            if self.ends_clause(at) or (self.has_comma(at) and not is_opening):
                return at
        return floor

    def speaks_against(self, start: int, end: int, *, is_heading: bool = False) -> bool:
        """Tell whether words speak against what stands before them.

        :param is_heading: whether they rather are a clause of their own
        """
        return _Predicate(self, start, end).speaks_against(is_heading)


class _Predicate:
    """What is said of a thing, from a word to another."""

    def __init__(self, clauses: Clauses, start: int, end: int) -> None:
        self._clauses = clauses
        self._start = start
        self._end = end
        self._negated = -_FAR  # where the last NOT stands
        self._is_about = True  # whether the clause is about the thing

    def speaks_against(self, is_heading: bool) -> bool:
        at = self._start
        while at < self._end:
            cue, until = self._clauses.cue(AFTER, at, self._end)
            is_entered = (is_heading and at == self._start) or self._enters(at, cue)
            if cue is Cue.IF or not is_entered:
                return False
            if self._is_about and self._is_against(cue, at, until):
                return True
            if cue is Cue.NOT:
                behind = self._behind(until, Cue.ONLY)
                self._negated = at if behind == until else -_FAR
                until = behind
            elif cue is Cue.MAY:
                until = self._behind(until, Cue.BAD)
            at = until
        return False

    def _enters(self, at: int, cue: Cue | None) -> bool:
        """Go on to a word; tell whether the text may still be about the thing."""
        gap = self._clauses.gap(at)
        if gap == " " and cue is not Cue.BREAK:
            return True
        if "\n" in gap:
            return False
        if self._clauses.ends_clause(at):
            self._negated = -_FAR
            self._is_about = not _FULL_STOP.search(gap) or self._resumes(at)
            return self._is_about
        if cue is Cue.BREAK or _COMMA.search(gap):
            self._negated = -_FAR
            self._is_about = self._goes_on(at)
        return True

    def _is_against(self, cue: Cue | None, at: int, until: int) -> bool:
        if cue is None:
            return self._is_unspaced(at)
        is_negated = at - self._negated <= _REACH
        if cue is Cue.WORTH:
            return is_negated
        if cue is Cue.MAY:
            return is_negated and self._next(until) is Cue.BAD
        if cue is Cue.REGRET:
            return True
        if is_negated:
            return False
        if (cue is Cue.TOO and self._has_more(until)) or (
            cue is Cue.OVER and self._is_limited(until)
        ):
            return not self._is_excused(until)
        return cue is Cue.BAD

    def _is_unspaced(self, at: int) -> bool:
        word = self._clauses.words[at].text
        return not word.isascii() and UNSPACED_AFTER.search(word) is not None

    def _next(self, at: int) -> Cue | None:
        return self._clauses.cue(AFTER, at, self._end)[0]

    def _behind(self, at: int, cue: Cue) -> int:
        """Return where to read on behind what belongs to a NOT or MAY."""
        following, until = self._clauses.cue(AFTER, at, self._end)
        return until if following is cue else at

    def _has_more(self, at: int) -> bool:
        return (
            at < self._end
            and self._clauses.gap(at) == " "
            and self._next(at) not in (Cue.BREAK, Cue.IF, Cue.IT)
        )

    def _is_limited(self, at: int) -> bool:
        places = range(at, min(at + _REACH, self._end))
        return self._is_money(at) or any(self._next(place) is Cue.LIMIT for place in places)

    def _is_money(self, at: int) -> bool:
        """Tell "over $20 a day" from "a little over $20 a day"."""
        if at >= self._end or not self._clauses.words[at].text.isdigit():
            return False
        near = {word.text for word in self._clauses.words[max(self._start, at - 3) : at]}
        return bool(_CURRENCY.search(self._clauses.gap(at))) and near.isdisjoint(_NEARLY)

    def _is_excused(self, at: int) -> bool:
        """Tell whether a "but it" follows in the sentence: "over your budget, but it lasts"."""
        for place in range(at, self._end):
            if _FULL_STOP.search(self._clauses.gap(place)):
                return False
            if self._next(place) is Cue.BREAK and self._clauses.words[place].text in CONCEDING:
                return self._goes_on(place)
        return False

    def _goes_on(self, at: int) -> bool:
        """Tell whether a clause goes on about the thing: ", which is"."""
        at = self._behind_links(at)
        if at < self._end and not self._clauses.words[at].text[0].isascii():
            return True
        if self._is_elliptic(at):
            return True
        return Cue.IT in (self._next(at), self._next(at + 1)) or self._has_object(at)

    def _is_elliptic(self, at: int) -> bool:
        """Tell whether a word against it comes at once, without a subject: "but overkill"."""
        return any(
            self._next(place) in (Cue.BAD, Cue.TOO, Cue.OVER)
            and (place == at or self._clauses.words[place].text not in DONE)
            for place in range(at, min(at + 3, self._end))
        )

    def _resumes(self, at: int) -> bool:
        """Tell whether a sentence begins with "It" or the like."""
        at = self._behind_links(at)
        is_subject = at < self._end and self._clauses.words[at].text in LATER_SUBJECTS
        return is_subject or self._has_object(at)

    def _has_object(self, at: int) -> bool:
        """Tell whether "it" soon comes: "somebody has rented it", "for a duet that's too much"."""
        end = min(at + 2 * _REACH, self._end)
        words = [word.text for word in self._clauses.words[at:end]]
        if "it" in words or ("that", "s") in pairwise(words):
            return True
        return any(self._is_turned_down(place) for place in range(at, end))

    def _is_turned_down(self, at: int) -> bool:
        """Tell "so I'd pass", which needs no object."""
        if self._clauses.words[at].text not in ("i", "hold"):
            return False
        cue, until = self._clauses.cue(AFTER, at, self._end)
        return cue is Cue.BAD and (until == self._end or self._clauses.gap(until) != " ")

    def _behind_links(self, at: int) -> int:
        cue, until = self._clauses.cue(AFTER, at, self._end)
        while cue in (Cue.BREAK, Cue.REGRET):
            at = until
            cue, until = self._clauses.cue(AFTER, at, self._end)
        return at
