"""The kind of thing that a message asks for in the user's own words, and its words for a search."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from .plain_words import ASKED, MODEL, MODEL_WORD, PIECE, STOP, VERB, VERB_AFTER, is_no_item
from .spelling import is_common
from .term import Term
from .text import Message


def wanted_thing(
    message: Message, left: str, terms: Sequence[Term], *, is_open: bool = True
) -> str | None:
    """Return what is asked for, as the user calls it; None if the message names no thing.

    :param is_open: whether it may be a thing that the vocabulary does not know
    """
    for term in terms:
        if term.kind in ("category", "other") and not term.is_unwanted:
            return _with_neighbours(message, left, term, terms)
    for term in terms:
        if term.kind == "brand" and not term.is_unwanted:
            model = PIECE.match(left, term.span[1] + 1)
            joined = MODEL.match(left, term.span[1] + 1)
            for found in (joined, model):
                if found and re.search(r"\d", found[0]) and not _is_count(found[0]):
                    return message.shown[term.span[0] : found.end()]
            return None
    if not is_open:
        return None
    left = without_terms(left, terms)
    return _unknown_thing(message, left) or _lone_model(message, left)


def without_terms(left: str, terms: Sequence[Term]) -> str:
    """Return a message without the names in it."""
    for term in terms:
        start, end = term.span
        left = left[:start] + "\x00" * (end - start) + left[end:]
    return left


def search_words(left: str, terms: Sequence[Term]) -> list[str]:
    """Return words that may name something, lower-case, in order, without repeats.

    A model's number comes joined and with its dash: "fg 800" is "fg800" and "fg-800".

    :param left: the folded message but for what was understood as something else
    """
    words: list[str] = []
    named = {
        place
        for term in terms
        if not term.is_unwanted and term.kind not in ("place", "level")
        for place in range(*term.span)
    }
    left = without_terms(
        left, [term for term in terms if term.is_unwanted or term.kind in ("place", "level")]
    )
    for match in MODEL.finditer(left):
        if match[1] not in STOP and not (" " in match[0] and len(match[1]) < 2):
            words += [match[1] + match[2], f"{match[1]}-{match[2]}"]
    for match in PIECE.finditer(left):
        word = match[0].removesuffix("'s")
        if match.start() in named or _may_name(word):
            words.append(word)
            if MODEL_WORD.fullmatch(word) and "-" in word:
                words.append(word.replace("-", ""))
    return list(dict.fromkeys(word for word in words if word not in STOP))[:40]


def _may_name(word: str) -> bool:
    return len(word) > 2 and not word.isdigit() and not word.startswith("'")


def _is_count(word: str) -> bool:
    """Tell a count ("88-key", "4") from a model's number."""
    return bool(re.fullmatch(r"\d{1,2}|\d+-(?:key|string|inch|piece|day|week|month)s?", word))


def _with_neighbours(message: Message, left: str, term: Term, terms: Sequence[Term]) -> str:
    """Return the kind with its maker or one or two words that say which: "left-handed guitar"."""
    start, end = term.span
    brands = {
        other.span[0]: other for other in terms if other.kind == "brand" and not other.is_unwanted
    }
    for _ in range(2):
        before = left[max(0, start - 40) : start]
        match = re.search(r"([^\W_]+(?:[-'&.][^\W_]+)*) $", before)
        if not match:
            break
        at = start - len(before) + match.start()
        if at not in brands and not _says_which(match[1]):
            break
        if any(
            other.span[0] <= at < other.span[1]
            and (other.is_unwanted or other.kind in ("genre", "level", "place", "category"))
            for other in terms
            if other is not term
        ):
            break
        start = at
    return message.shown[start:end]


def _says_which(word: str) -> bool:
    return (
        word not in STOP
        and not word.isdigit()
        and "'" not in word
        and not word.endswith(("ing", "ly"))
        and not word.startswith("non-")
        and len(word) > 2
        and not is_no_item(word)
    )


def _unknown_thing(message: Message, left: str) -> str | None:
    """Return the noun that a request is followed by, if it is not one that no catalogue has."""
    for match in list(ASKED.finditer(left))[:20]:
        words: list[re.Match[str]] = []
        at = match.end()
        while len(words) < 3 and (piece := PIECE.match(left, at)) and piece[0] not in STOP:
            words.append(piece)
            at = piece.end() + 1
        # "a Rickenbacker 4003" asks for a Rickenbacker.
        words = list(takewhile(lambda piece: not piece[0].isdigit(), words))
        if not words or any("'" in piece[0] for piece in words):
            continue
        if VERB_AFTER.match(match[0]) and VERB.fullmatch(words[0][0]):
            continue
        last = words[-1][0]
        if match[0].endswith(" the ") and _is_part(message, words):
            continue
        if (
            is_no_item(last)
            or is_no_item(words[0][0])
            or len(last) < 3
            or last.endswith(("ing", "ly", "ed"))
        ):
            continue
        return message.shown[words[0].start() : words[-1].end()]
    return None


def _is_part(message: Message, words: Sequence[re.Match[str]]) -> bool:
    """Tell what belongs to a thing that was spoken of: "what about the weight?"."""
    return all(is_common(word[0]) and message.shown[word.start()].islower() for word in words)


def _lone_model(message: Message, left: str) -> str | None:
    for match in MODEL.finditer(left):
        if (
            match[1] not in STOP
            and (" " not in match[0] or len(match[1]) > 1)
            and len(match[2]) > 1
        ):
            return message.shown[match.start() : match.end()]
    return None
