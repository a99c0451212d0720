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

from .contrast_words import CONDITION, DECIDES, GRANTS, NEXT_CLAUSE, REFERS, SUPPOSED, TAKES
from .mentions import Mention
from .words import plain

_LINE = re.compile(r"[^\n]+")
#: Which of the things named these mean, the last being -1.
_PLACES = {
    **{word: at for words in ("12345", "abcde") for at, word in enumerate(words)},
    **{word: at for at, word in enumerate(("one", "two", "three"))},
    **{word: at for at, word in enumerate(("first", "second", "third"))},
    "former": -2,
    "latter": -1,
}
_SENTENCE = re.compile(r"(?:[^.!?;\n\u3002]|[.!?;](?!\s|$))+")


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
            else:
                self._read_reference(*sentence.span())

    def _read_sentence(self, start: int, end: int, together: set[str]) -> None:
        said = plain(self._text[start:end])
        is_supposed = SUPPOSED.search(said) is not None
        if is_supposed:
            self.left |= together
        is_granted = GRANTS.search(said) is not None
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

    def _read_reference(self, start: int, end: int) -> None:
        """Read "number 1 is the one to get", which names nothing."""
        said = plain(self._text[start:end])
        places = [*REFERS.finditer(said)]
        if len(places) != 1 or not DECIDES.search(said) or CONDITION.search(said):
            return
        named = self._named.before(start)
        at = _PLACES[places[0]["label"] or places[0]["place"]]
        if len(named) > max(1, at) and named[at] in self._advised:
            self.chosen.add(named[at])
            self.left |= {*named} - {named[at]}

    def _picked(self, start: int, end: int) -> set[str]:
        """Return what "between the A and the B I'd pick the A" names from its verdict on."""
        verdicts = [*DECIDES.finditer(plain(self._text[start:end]))]
        return self._named.within(start + verdicts[-1].start(), end) if verdicts else set()


class _Named:
    """What a text names, by place."""

    def __init__(self, mentions: Sequence[Mention]) -> None:
        self._starts = [mention.start for mention in mentions]
        self._keys = [str(mention.item.id) for mention in mentions]

    def before(self, end: int) -> list[str]:
        """Return the keys of what is named before a place, in order, each once."""
        return [*dict.fromkeys(self._keys[: bisect_left(self._starts, end)])]

    def within(self, start: int, end: int) -> set[str]:
        """Return the keys of what is named from one place to another."""
        return set(self._keys[bisect_left(self._starts, start) : bisect_left(self._starts, end)])


def _clauses(text: str, start: int, end: int, named: _Named) -> Iterator[tuple[int, int]]:
    """Yield the parts of a sentence that name something, each with what follows that does not."""
    breaks = [found.end() for found in NEXT_CLAUSE.finditer(text, start, end)]
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
    is_decided = DECIDES.search(said) or (is_known and TAKES.search(said))
    return bool(is_decided) and not CONDITION.search(said)
