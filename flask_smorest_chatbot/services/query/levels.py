"""How well the user plays, only if they say so."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...catalog import Vocabulary
from .term import Term
from .text import Scan, fold

_SAID = {
    "beginner": (
        r"beginners?(?: ?-?friendly| level)?|novices?|newbies?|noobs?|starters?(?! motor)"
        r"|start(?:ing|s|ed)? out"
        r"|(?:start|begin)(?:ing)? (?:playing|learning|music|making music|an instrument"
        r"|to (?:play|learn))"
        r"|(?:just|only|am|is|are|'m|'s|be|been)(?: just| only| now)? (?:starting|started"
        r"|beginning|getting started|picking up|picked up|taking up|took up)(?! (?:a |an "
        r"|the )?(?:on|from|rental|date))"
        r"|(?:to|will|would like to|could) take up(?= (?:the |an? )?\w)(?! (?:on|from))"
        r"|never (?:really |ever |even |once |actually |before )?(?:played|touched|tried|held"
        r"|picked up|learned|learnt|owned)"
        r"|(?:has|have|had)n't (?:really |ever |even )?(?:played|touched|tried)"
        r"|not (?:ever )?played before"
        r"|first[ -]tim(?:e|er|ers)(?! (?:rent|here|on (?:this|your)|customer|user"
        r"|using))(?: play\w*| learn\w*| player)?"
        r"|(?:no|zero|little|without(?: any)?) (?:prior |previous |musical |music |playing "
        r"|guitar |piano ){0,3}(?:experience|knowledge|skills?|training|background)"
        r"|(?:brand )?new to (?!the (?:area|city|town|site)|this (?:site|town|city|area)|town)\w+"
        r"|first (?:ever )?instrument|from scratch|entry[ -]level|learner|total rookie|rookie"
        r"|absolute rookie"
        r"|anfanger(?:in)?|einsteiger|principiantes?|debutante?s?|(?:je|il|elle) debute"
    ),
    "intermediate": (
        r"intermediate|hobby(?= \w+(?:ist|er)\b)|some experience|mid[ -]level|improvers?"
        r"|moderate(?:ly)? (?:skill\w*|experience\w*|good)|fortgeschrittene anfanger|intermedio"
    ),
    "advanced": (
        r"advanced|experts?|pros?(?! (?:tag|woche|monat|stunde|nacht|and|tip|model|series|audio))"
        r"|(?:semi-)?professional(?:s|ly|-level| level)?"
        r"(?! (?:advice|help|service|opinion|ii|iii|i|2|recommendation))"
        r"|virtuos[oi]|seasoned|very experienced|highly experienced|experienced (?:player|musician"
        r"|guitarist|pianist|drummer|bassist|violinist)|concert[ -]level|concert (?:pianist"
        r"|violinist|cellist)|session (?:musician|player)|touring musician|conservatory"
        r"|fortgeschrittene?[rn]?|profi|avanzado|avance(?!d)"
    ),
}
_LEVEL = re.compile(
    r"(?<![\w-])(?:"
    + "|".join(f"(?P<{name}>{words})" for name, words in _SAID.items())
    + r")(?!\w)"
)
_NOT = re.compile(
    r"\b(?:not|neither|nor|no longer|isn't|aren't|wasn't|ain't|never|hardly|without being"
    r"|n't)(?: really| exactly| quite| just| even| for)?(?: an?| the| some| any)?"
    r"(?: complete| total| absolute| real)? $|\b(?:american|no|than) $|n't(?: an?)?(?: complete"
    r"| total| absolute)? $"
)


def take_level(
    scan: Scan, vocabulary: Vocabulary, terms: Sequence[Term]
) -> tuple[str | None, str | None]:
    """Return the vocabulary's level that the user says to have, and one that they deny."""
    said: str | None = None
    denied: str | None = None
    by_words: list[tuple[int, int, str | None]] = [
        (match.start(), match.end(), _level(vocabulary, str(match.lastgroup)))
        for match in _LEVEL.finditer(scan.left)
    ]
    by_name = [(*term.span, term.meaning.values[0]) for term in terms if term.kind == "level"]
    for start, end, level in sorted([*by_words, *by_name], key=lambda found: found[0]):
        if level is None:
            continue
        if _NOT.search(scan.left[max(0, start - 40) : start]):
            denied = denied or level
        else:
            said = said or level
        kinds = [
            term.span for term in terms if term.kind == "category" and start <= term.span[0] < end
        ]
        scan.blank(
            [(start, end)]
            if not kinds
            else [(start, kinds[0][0]), (kinds[0][1], max(end, kinds[0][1]))]
        )
    return said, None if denied == said else denied


def _level(vocabulary: Vocabulary, name: str) -> str | None:
    """Return the vocabulary's level of that name or that has it as another name."""
    for level, others in vocabulary.levels.items():
        if name in map(fold, (level, *others)):
            return level
    return None
