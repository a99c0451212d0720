"""Tell whether a text that names something speaks for it or against it. Pure.

Only plain negations count, in English and a handful of other languages: whatever is not plainly
advised against is taken as advised.
"""

from __future__ import annotations

import re

from .names import fold

#: Where a clause ends: what stands before it says nothing about what stands behind.
_CLAUSE_END = re.compile(
    r"[.!?;:\n|]|,|\b(?:but|however|so|yet|though|pero|sino|mejor|mais|plutot|aber|sondern|ma"
    r"|mas|porem|and go|and take)\b"
)
#: Lists go on behind a comma: "not the A, nor the B".
_LINK = re.compile(r"\s*(?:or|nor|o|ni|ou|oder|und|noch)\b")
#: Negations that speak for a thing.
_PRAISE = re.compile(
    r"(?:can ?not|can['\u2019]?t) (?:go wrong|beat)|why not|not only|not just|not to mention"
    r"|no further than|no (?:doubt|problem|worries|wonder|brainer|better)|nothing beats|not bad"
    r"|n['\u2019]t find (?:\w+ ){0,5}than(?: the| an?)?"
    r"|(?:won['\u2019]?t|will not|wouldn['\u2019]?t) (?:regret|be disappointed)|not sure"
    r"|warum nicht|por que no|pourquoi pas|perche no|sin duda|sans doute|sem duvida|no problem"
)
#: "I cannot recommend it enough"
_SUPERLATIVE = re.compile(r"[\s*_\"']*(?:\w+ )?(?:enough|more highly|highly enough)\b")
_AGAINST_BEFORE = re.compile(
    r"n['\u2019]t\b|\bn['\u2019]"
    r"|\b(?:not|never|no|cannot|without|instead of|rather than|unlike|avoid|skip|except|neither|nor"
    r"|dont|compared (?:to|with)|(?:steer|stay) (?:clear|away)|pass on|forget)\b"
    "|[\u274c\u2717\u2718\U0001f6ab]"
    r"|\b(?:nunca|sin|en vez de|en lugar de|evita|ni|ne|pas|sans|au lieu|non|senza|invece d\w*"
    r"|nao|sem|em vez d\w*|nicht|kein\w{0,2}|ohne|statt|anstatt|anstelle)\b"
    r"|\b(?:than|over|(?:are|is|'re|'s) out of) (?:the |an? |our |this )?[\s*_\"']*$"
    r"|\b\w+er als (?:die |der |das )?[\s*_\"']*$"
    r"|\b(?:mas|plus|piu) \w+ (?:que|di|de) (?:\w+ )?$"
)
_NOT = (
    r"^[\s*_\"'):,\u2013\u2014-]*(?:\w+ ){0,3}?"
    r"(?:(?:is|are|does|do|would|was)n['\u2019]?t"
    r"|not|n'est pas|nicht|no esta|no es|non e|nao esta|nao e)\b"
    r"(?: \w+){0,3}? ?\b"
)
_WORTH = (
    r"(?:available|free|in stock|suitable|ideal|right|recommended|good|within|in your|for you"
    r"|offered|fit|suit|libre|libero|livre|verfugbar|frei|geeignet|disponib\w+"
    r"|adapte\w*|adecuad\w+|adatt\w+|one of ours|in our|listed|part of"
    r"|indicad\w+)\b"
)
_NO_CHOICE = (
    r"\b(?:taken|out of (?:your |the )?(?:budget|stock|reach|range|price)|unavailable"
    r"|too (?:expensive|pricey|big|large|much|heavy|advanced)|over (?:your )?budget"
    r"|(?:above|beyond) your|booked|rented out|sold out|fuera de|demasiado|agotad\w"
    r"|trop chere?s?|hors (?:de )?(?:votre )?budget|zu teuer|ausgeliehen|vergeben"
    r"|troppo car\w|fuori|fora do|car[oa] demais|indisponi\w+)\b"
)
_AGAINST_AFTER = re.compile(
    rf"{_NOT}{_WORTH}|^[^.!?;\n]{{0,25}}?{_NO_CHOICE}"
    r"|^[^.!?;,\n]{0,40}\bnicht (?:nehmen|empfehlen|mieten|wahlen)\b"
)
#: Characters around a name that are read, and above it for the heading of its list.
_WINDOW = 160
_LIST_WINDOW = 600
_LIST_LINE = re.compile(r"\s*(?:[-*\u2022]|\d{1,2}[.)])\s")


def is_advised(text: str, start: int, end: int) -> bool:
    """Tell whether a text does not plainly speak against what it names from start to end."""
    before = fold(text[max(0, start - _WINDOW) : start])
    clauses = [_clause_before(before), *_heading_above(text, start)]
    rest = fold(text[end : end + _WINDOW].split("\n", 1)[0])
    if _SUPERLATIVE.match(rest):
        return True
    if any(_AGAINST_BEFORE.search(_PRAISE.sub("", clause)) for clause in clauses):
        return False
    return not _AGAINST_AFTER.search(rest)


def _heading_above(text: str, start: int) -> list[str]:
    """Return the line with a colon that stands above the list in which a place is, if any."""
    lines = text[max(0, start - _LIST_WINDOW) : start].split("\n")
    if not _LIST_LINE.match(lines[-1]):
        return []
    above = [line for line in reversed(lines[:-1]) if line.strip() and not _LIST_LINE.match(line)]
    return [fold(above[0])] if above and above[0].rstrip(" *").endswith(":") else []


def _clause_before(text: str) -> str:
    """Return the clause that a text ends with, including the list that it may end with."""
    start = 0
    for found in _CLAUSE_END.finditer(text):
        if found[0] != "," or not _LINK.match(text, found.end()):
            start = found.end()
    return text[start:]
