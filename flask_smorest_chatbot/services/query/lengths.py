"""How long the user needs the item, and by how much the dates known are moved."""

from __future__ import annotations

import re
from itertools import pairwise

from .calendar_words import NUMBERS, UNITS
from .corrections import CORRECTS
from .period_words import DURATION, HALF, HOURS
from .text import Scan

#: How many of which unit.
Length = tuple[int, str]
_HALVES = {"year": (6, "month"), "month": (15, "day"), "week": (4, "day"), "fortnight": (1, "week")}


def take_lengths(scan: Scan, notices: list[str]) -> list[re.Match[str]]:
    """Return the lengths that a message names, and take them.

    :param notices: gets a sentence for each that is vague
    """
    found = []
    for match in DURATION.finditer(scan.left):
        before = scan.left[max(0, match.start() - 12) : match.start()]
        if before.endswith(" by "):  # "extend it by a week"
            continue
        is_article = match["n"] in ("a", "an")
        if (
            is_article
            and not match["for"]
            and not re.search(r"(?:^|\bfor |\brent\w* |\bneed |\bwant )$", before)
        ):
            continue
        if re.match(rf"year|{HOURS}", match["unit"]) and not match["for"]:
            continue
        if int(match["n"]) == 0 if match["n"].isdigit() else False:
            continue
        if match["n2"] or match["n"] in ("a few", "few", "several"):
            count, unit = _length(match)
            notices.append(
                f"{match['n']}{'-' + match['n2'] if match['n2'] else ''} {match['unit']}: taken as"
                f" {count} {unit}s."
            )
        found.append(match)
    scan.blank([match.span() for match in found])
    return found


def length_of(found: list[re.Match[str]], text: str) -> Length | None:
    """Return the first length, or what corrects it: "for two days, no, three days"."""
    if not found:
        return None
    wanted = found[0]
    for one, two in pairwise(found):
        if CORRECTS.search(text[one.end() : two.start()]):
            wanted = two
    return _length(wanted)


def _length(match: re.Match[str]) -> Length:
    said = match["n2"] or match["n"]
    if re.fullmatch(HOURS, match["unit"]):
        return max(1, int(said) // 24) if said.isdigit() else 1, "day"
    unit = _unit(match)
    if re.fullmatch(HALF, said):
        return _HALVES.get(unit, (1, "day"))
    count = _number(said)
    if match["half"] and unit in ("week", "month", "day"):
        days = {"day": 1, "week": 7, "month": 30}[unit]
        return count * days + (days + 1) // 2, "day"
    return count, unit


def shift_of(match: re.Match[str]) -> tuple[int, str, bool]:
    """Return by how much dates are moved, signed, in which unit, and whether only their end."""
    count = _number(match["n"])
    backwards = match["way"] in ("earlier", "sooner")
    return -count if backwards else count, _unit(match), match["way"] in ("longer", "more")


def _unit(match: re.Match[str]) -> str:
    """Return the English unit of the words of any language."""
    return next(unit for unit, words in UNITS.items() if re.fullmatch(words, match["unit"]))


def _number(said: str) -> int:
    return int(said) if said.isdigit() else NUMBERS[said]
