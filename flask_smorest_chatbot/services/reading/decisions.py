"""Tell which of several things a text decides for in the end, and which it then leaves. Pure.

Two rules, whatever is said of the things otherwise. A text that names things together, in one
sentence or row, and then decides for one of them leaves the others: "the A and the B are close; I
lean towards the B". One that decides for a thing which it has not named before leaves what the
paragraph came by on the way: "with the A you'd be bent over, I'd rather see you on the B". What is
said on a condition decides nothing: "if you sing, the B".
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence, Set
from itertools import pairwise

from .mentions import Mention
from .words import plain

#: A sentence with one of these decides for what it names. Folded.
_DECIDES = re.compile(
    r"\b(?:i|we)(?: personally| still)? (?:lean|recommend|suggest|pick|choose|go (?:with|for)|take"
    r"|prefer|favou?r|opt|vote|advise|say)\b"
    r"|\bi (?:d|would|ll) (?!(?:not|never|like|love|be|need|also)\b)\w+"
    r"|\bmy (?:pick|choice|vote|recommendation|advice|favou?rite|money)\b"
    r"|\b(?:go|stick) (?:with|for)\b|\byou (?:d|would|ll|will) be (?:better|happier|best)\b"
    r"|\b(?:wins|decides (?:it|that)|settles (?:it|that)|gets my vote|edges ahead"
    r"|comes out (?:ahead|on top)|makes more sense|suits you (?:better|best)"
    r"|is the (?:one|better|best|right|safer) (?:to (?:get|take)|one|choice|fit|option|pick))\b"
    r"|\b(?:ich (?:wurde|empfehle|rate|nahme)|meine (?:wahl|empfehlung)|gewinnt"
    r"|recomiendo|recomendaria|me quedaria|yo (?:elegiria|optaria)|gana"
    r"|je (?:(?:vous |te )?(?:conseille|recommande)|prendrais|choisirais)|mon choix|l emporte"
    r"|consiglio|sceglierei|prenderei|vince|recomendo|eu escolheria)\b"
    r"|\u6211(?:\u63a8\u8350|\u5efa\u8bae|\u4f1a\u9009)"
)
#: Tells the user to take one of the things that were named together.
_TAKES = re.compile(
    r"(?:^\W*|, )(?:so|therefore|daher|deshalb|donc|quindi|asi que)\b"
    r"|^\W*(?:then |also |dann |entonces |alors )?(?:take|choose|pick|get|rent"
    r"|nimm|nehmen|toma|coge|elige|prenez|prends|prendi|scegli)\b"
)
_CONDITION = re.compile(
    r"\b(?:if|when|unless|while|either|beyond|both|as well|also|or"
    r"|for(?= (?!you\b|your\b|that reason\b))"
    r"|wenn|falls|fur|si|para|pour|se|per)\b"
)
#: Grants a thing, and goes on to another: "you could take the A, but the B".
_GRANTS = re.compile(
    r"\b(?:you|one) (?:could|might|can)\b[^,;]{0,200},? but\b|\b(?:konnten|konntest) (?:sie"
    r"|du)\b[^;]{0,200},? aber\b"
    r"|\b(?:podrias?|pourriez|pourrais|potresti|potrebbe)\b[^;]{0,200},? (?:pero|mais|ma)\b"
)
#: Supposes what is not so, and with it whatever the sentence names.
_SUPPOSED = re.compile(
    r"\bif (?!i were you)(?:you|i|it|we|they|money|price|budget|space|noise|cost) (?:\w+ )?"
    r"(?:were|was|had|did|didn t|weren t|wasn t|hadn t|played already)\b"
)
_LINE = re.compile(r"[^\n]+")
_SENTENCE = re.compile(r"(?:[^.!?;\n\u3002]|[.!?;](?!\s|$))+")
#: Behind these a sentence goes on to something else.
_BREAK = re.compile(
    r",? (?:but|yet|so|aber|pero|mais|ma|maar) |, (?:mas|and|und|y|et|e) |, (?=(?:I|we|ich|je"
    r"|yo)\b)"
)


def decisions(
    text: str, mentions: Sequence[Mention], advised: Set[str]
) -> tuple[set[str], set[str]]:
    """Return the keys of what a text decides for, and of what it then leaves.

    :param mentions: what the text names, in order
    :param advised: keys of what it may decide for
    """
    reader = _Reader(text, _Named(mentions), advised)
    for line in _LINE.finditer(text):
        reader.read_line(*line.span())
    return reader.chosen, reader.left - reader.chosen


class _Reader:
    def __init__(self, text: str, named: _Named, advised: Set[str]) -> None:
        self.chosen: set[str] = set()
        self.left: set[str] = set()
        self._text, self._named, self._advised = text, named, advised
        self._beside: dict[str, set[str]] = {}  # of each thing, what was named together with it
        self._before: set[str] = set()  # named in this paragraph so far

    def read_line(self, start: int, end: int) -> None:
        self._before = set()
        for sentence in _SENTENCE.finditer(self._text, start, end):
            together = self._named.within(*sentence.span())
            if together:
                self._read_sentence(*sentence.span(), together)

    def _read_sentence(self, start: int, end: int, together: set[str]) -> None:
        said = plain(self._text[start:end])
        is_supposed = _SUPPOSED.search(said) is not None
        if is_supposed:
            self.left |= together
        is_granted = _GRANTS.search(said) is not None
        for at, until in _clauses(self._text, start, end, self._named):
            keys = self._named.within(at, until)
            picked = self._picked(at, until) if len(keys) > 1 else keys
            if len(picked) == 1 and picked <= self._advised and not is_supposed:
                (key,) = picked
                if _decides(self._text[at:until], is_known=key in self._beside):
                    self.left |= keys - picked or self._beside.get(key, self._before)
                    self.chosen |= picked
                elif is_granted and at > start:
                    self.left |= together - keys
            for key in keys:
                self._beside.setdefault(key, set()).update(together - {key})
            self._before |= keys

    def _picked(self, start: int, end: int) -> set[str]:
        """Return what "between the A and the B I'd pick the A" names behind its verdict."""
        verdicts = [*_DECIDES.finditer(plain(self._text[start:end]))]
        return self._named.within(start + verdicts[-1].end(), end) if verdicts else set()


class _Named:
    """What a text names, by place."""

    def __init__(self, mentions: Sequence[Mention]) -> None:
        self._starts = [mention.start for mention in mentions]
        self._keys = [str(mention.item.id) for mention in mentions]

    def within(self, start: int, end: int) -> set[str]:
        """Return the keys of what is named from one place to another."""
        return set(self._keys[bisect_left(self._starts, start) : bisect_left(self._starts, end)])


def _clauses(text: str, start: int, end: int, named: _Named) -> Iterator[tuple[int, int]]:
    """Yield the parts of a sentence that name something, each with what follows that does not."""
    breaks = [found.end() for found in _BREAK.finditer(text, start, end)]
    for place, until in pairwise([*breaks, end]):
        if named.within(start, place) and named.within(place, until):
            yield start, place
            start = place
    yield start, end


def _decides(clause: str, *, is_known: bool) -> bool:
    """Tell whether a clause decides for what it names.

    :param is_known: whether that was named before
    """
    said = plain(clause)
    is_decided = _DECIDES.search(said) or (is_known and _TAKES.search(said))
    return bool(is_decided) and not _CONDITION.search(said)
