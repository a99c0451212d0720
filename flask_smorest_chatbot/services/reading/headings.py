"""Tell whether a list, or what stands behind a colon, has a heading that says no. Pure."""

from __future__ import annotations

import re
from bisect import bisect_left

from .clauses import READ, Clauses
from .cues import BEFORE, NO, Cue

#: Characters above a name in which its list has a heading.
_LIST_WINDOW = 600
_NO_CELL = re.compile(r"\|\s*(?:no|nope|nein|non|nee|nao|não)\b[^|]{0,30}\|?\s*$", re.IGNORECASE)
_ASKS_IF_WANTED = re.compile(
    r"avail|budget|fit|free|suit|match|frei|libre|libero|dispon|verf|recommend|\bneed|\bwant"
    r"|for you"
    r"|right|good|work|rent|take|brauch|passt|mieten|nehmen|necesit|sirve|besoin|convient|serve",
    re.IGNORECASE,
)
#: A section's heading, which needs no colon: "## To avoid", "**To avoid**".
_SECTION = re.compile(r"\s*(?:#{1,6} .*|\*\*[^*\n]{1,80}\*\*\s*|__[^_\n]{1,80}__\s*)")
_LIST_LINE = re.compile(r"\s*(?:[-*\u2022|](?!\*)|\d{1,2}[.)])|[ \t]+\S|\s*$")


def is_denied_in_row(text: str, end: int) -> bool:
    """Tell whether the last cell of a name's row says no, under a heading such as "available"."""
    row = text[end : end + _LIST_WINDOW].partition("\n")[0]
    if not _NO_CELL.search(row):
        return False
    table = text[max(0, end - 2 * _LIST_WINDOW) : end].rpartition("\n\n")[2]
    head = next((line for line in table.split("\n") if line.lstrip().startswith("|")), "")
    return _ASKS_IF_WANTED.search(head.rstrip(" |").rpartition("|")[2]) is not None


def is_under_no(clauses: Clauses, first: int, start: int, floor: int) -> bool:
    """Tell whether a name stands in a list, or behind a colon, whose heading says no.

    :param floor: the word behind the name before, which no heading holds
    """
    if "(" in clauses.gap(first) and clauses.speaks_against(start, first, is_heading=True):
        return True
    gap = clauses.gap(start) if start else ""
    is_behind = ":" in gap and "\n" not in gap
    until = start if is_behind else _heading_above(clauses, clauses.words[first].start)
    since = clauses.start_of_clause(until - 1, max(0, until - READ)) if until > 1 else 0
    if is_behind and since < floor:
        return False
    is_no = until - since == 1 and clauses.words[since].text in NO
    if is_behind and is_no and "?" not in clauses.gap(since):
        return True
    cues = [clauses.cue(BEFORE, at, until)[0] for at in range(since, until)]
    if Cue.REJECT in cues and Cue.NOT not in cues:
        return cues[0] is Cue.REJECT or Cue.REJECT in cues[-2:]
    return clauses.speaks_against(since, until, is_heading=True)


def _heading_above(clauses: Clauses, place: int) -> int:
    """Return the word at which the heading of the list ends in which a place is; or 0."""
    *above, line = clauses.text[max(0, place - _LIST_WINDOW) : place].split("\n")
    end = place - len(line) - 1
    if above and not line and _SECTION.fullmatch(above[-1]):
        return bisect_left(clauses.words, end, key=lambda w: w.start)
    if not above or not line or not _LIST_LINE.match(line):
        return 0
    for heading in reversed(above):
        if not _LIST_LINE.match(heading):
            is_heading = heading.rstrip(" *_").endswith((":", "\uff1a")) or (
                _SECTION.fullmatch(heading) is not None
            )
            return bisect_left(clauses.words, end, key=lambda w: w.start) if is_heading else 0
        end -= len(heading) + 1
    return 0
