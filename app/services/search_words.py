"""The words of a search, and in which forms the catalogue may have them. Pure."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

#: One searched word: any of its forms will do. A form of several words stands for them side by
#: side; one that ends in "*" for every word that begins so.
Word = tuple[str, ...]
#: What is searched: all of its words, in any order.
Phrase = tuple[Word, ...]

MAX_WORDS = 12  # each is a term of the query
_MAX_LENGTH = 40  # characters of a word; longer ones are nobody's word for an instrument

# Words for the same thing. Users write one, owners another.
_SAME = (
    ("sax", "saxophone"),
    ("uke", "ukulele"),
    ("strat", "stratocaster"),
    ("tele", "telecaster"),
    ("synth", "synthesizer", "synthesiser"),
    ("amp", "amplifier"),
    ("mic", "microphone"),
    ("fiddle", "violin"),
    ("cello", "violoncello"),
    ("contrabass", "double bass", "upright bass"),
    ("drumkit", "drumset", "drum kit", "drum set"),
    ("turntable", "record player"),
    ("keyboard", "keys"),
)
_TOKEN = re.compile(r"[^\W_]+")
_PART = re.compile(r"[^\W\d_]+|\d+")
_CLIPPED = 4  # letters from which the beginning of a word stands for it
_POSSESSIVE = re.compile(r"['\u2019]s\b")
_COUNTED = re.compile(r"\d+(?:s|st|nd|rd|th)?")  # "60s", "2nd", "100"
_SPLIT = re.compile(r"\s*(?:[,;/&]|\bor\b|\band\b)\s*")


def tokens(text: str) -> list[str]:
    """Return the words of a text in lower case, without marks."""
    return _TOKEN.findall(_POSSESSIVE.sub("", text.lower()))


def parts_of_name(name: str) -> list[str]:
    """Return the words and numbers of a name, so that "FG-800" and "fg800" are the same."""
    return _PART.findall(name.lower())


def has_name(text: str, parts: Sequence[str]) -> bool:
    """Tell whether a name has these parts in a row. Of a long last word the beginning will do."""
    known, last = parts_of_name(text), parts[-1]
    for start in range(len(known) - len(parts) + 1):
        *most, end = known[start : start + len(parts)]
        is_clipped = last.isalpha() and len(last) >= _CLIPPED and end.startswith(last)
        if most == list(parts[:-1]) and (end == last or is_clipped):
            return True
    return False


def phrase(text: str) -> Phrase:
    """Return the phrase of all words of a text, such as "acoustic guitars"."""
    words = [word_forms(word) for word in text.split()[:MAX_WORDS]]
    return tuple(word for word in words if word)


def alternatives(text: str) -> list[str]:
    """Return what "a violin or a cello" names, one by one."""
    return [part for part in _SPLIT.split(text.lower()) if tokens(part)]


def word_forms(word: str) -> Word:
    """Return the forms of one word: with and without marks, singular and plural, other names.

    :return: nothing, for a word without letters or digits
    """
    parts = tokens(word[:_MAX_LENGTH])
    if not parts:
        return ()
    *first, last = parts
    forms = [
        form
        for ending in _singular_and_plural(last)
        for form in ("".join([*first, ending]), " ".join([*first, ending]))
    ]
    if is_model(word):
        forms[0] += "*"  # "SL-1200" finds "SL-1200MK7"
    forms += [other for form in forms for group in _SAME if form in group for other in group]
    return tuple(dict.fromkeys(forms))


def is_model(word: str) -> bool:
    """Tell whether a word looks like a maker's name for a model: letters and digits."""
    compact = "".join(tokens(word))
    has_both = any(map(str.isdigit, compact)) and any(map(str.isalpha, compact))
    return len(compact) >= 3 and has_both and not _COUNTED.fullmatch(compact)


def with_joined(words: Sequence[str]) -> list[str]:
    """Return the words that mean something, with those that may be one: "fg 800" is "fg800"."""
    meant = [word for word in dict.fromkeys(words) if len("".join(tokens(word))) > 1][:MAX_WORDS]
    return [*meant, *_joined(words)]


def _joined(words: Sequence[str]) -> Iterator[str]:
    for first, second in itertools.pairwise(words):
        if first.isalpha() and len(first) <= 4 and second[:1].isdigit():
            yield first + second


def _singular_and_plural(word: str) -> list[str]:
    if not word.isalpha() or len(word) < 3:
        return [word]
    single = _singular(word)
    return list(dict.fromkeys([word, single, _plural(single)]))


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    is_plural = word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3
    return word[:-1] if is_plural else word


def _plural(word: str) -> str:
    if word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("s", "x", "ch", "sh")) else "s")
