"""The kind of thing that a message asks for in the user's own words, and its words for a search."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .names import WORD
from .terms import Term
from .text import Message

_STOP = frozenset(
    "a about above actually after again ago all alright also always am an and another any anybody anyone anything "
    "anyway are around as ask asked asking at available back be because been before being below best better between "
    "big borrow but by bye can cannot carry cheap cheaper cheapest check come compare cool cost could day days dear did different do does doing don done down "
    "each either else especially even ever every everything expensive fine find first for found free friend from gave get getting gift gig give go going gonna good got great "
    "had happy has have having he hello help her here hey hi him hire his how however i if im in instead into is it its just "
    "keep kid kids kind know last least less let like little long look looking lot lots love low make many may maybe me mean might mine "
    "month months more most much must my myself name near need needed needs never new next nice no none nor not nothing now of off offer offering oh ok okay old on "
    "once one ones only or other others our ours out over own per perfect perhaps place play played player playing please possible prefer "
    "pretty price prices probably quite rather re really recommend recommendation recommendations rent rental rentals rented renting right "
    "same say search searching second see sell several shall she should show since so some somebody someone something somewhere son son's daughter soon sorry still stock stuff such "
    "suggest suggestion suitable sure take tell than thank thanks that the their them then there these they thing things think this those though through time "
    "to today together tomorrow too try two under until up us use using usually very want wanted wanting wants was way we week weekend weeks well were what what's when where whether "
    "which while who whole why will wish with without wondering would yes yet you your yours "
    "ich ein eine einen der die das und fur mit von bis vom zum mochte brauche mieten suche ist haben sie bitte un una uno el la los las del al de para por con necesito quiero busco tiene tienen alquilar hay "
    "le les des du au je voudrais cherche louer avez vous pour avec quelque chose est il ll ve don't i'd i'm i'll i've it's that's isn't doesn't didn't can't won't".split()
)
# What may be asked for that is no item of a catalogue.
_NO_ITEM = frozenset(
    "account advice address age app answer amount appointment availability booking budget call case catalog catalogue category chance chat choice city class condition contact contract conversation credit customer date dates deal "
    "delivery deposit detail details difference discount discounts email example extension fee fees finger gig hand help hint home hour hours idea ideas info information "
    "instrument instruments insurance invoice item items job joke kidding law lesson lessons level list listing listings location man manager minimum minute minutes model "
    "money moment number option options order owner owners payment payments people person phone photo picture pictures plan plans policy pickup problem problems question questions "
    "quality reason reasons receipt recommendation refund reservation return returns review reviews rule rules sense service shipping shop site size someone song songs staff store story style support system "
    "talk teacher teachers term terms test thought tip tips topic town trouble type types use video wait warranty weather website word words work world year years rentals beginner player anyone band school show concert wedding party event studio home".split()
)
_ASKED = re.compile(
    r"\b(?:do you (?:guys |also |still )?(?:have|rent(?: out)?|carry|offer|stock|lend|sell)|you got|have you got|got(?: any| an?)|have any|any|rent(?: me)?|looking (?:for|to rent)|look for|search(?:ing)? for|searching"
    r"|hunting for|in need of|need|needs|wants?|would like|'d like|is there|are there|find me|find|show me|give me|recommend(?: me)?|suggest(?: me)?|get me|hire(?: me)?|borrow|what about|how about|^got|you have|interested in|try(?: out)?"
    r"|suche|brauche|mochte|haben sie|necesito|busco|quiero|tienen|tienes|hay|cherche|voudrais|avez-vous|^an?|^and an?|and an?)"
    r"(?: (?:any|an?|some|the|to|rent|hire|borrow|get|me|for|out|of|one of your|good|nice|decent|cheap|proper|great|really|new|used|small|big|little|kind of|sort of|try|play|buy|have|see|my own|eine?n?|una?|une|des|also|left)){0,5} "
)
_TAKEN = re.compile(r"[\x00]")
_PIECE = re.compile(r"[^\W_]+(?:[-'&.][^\W_]+)*")
_MODEL = re.compile(r"(?<![\w])([a-z]{1,5})[ -]?(\d{1,5}[a-z]{0,4})(?!\w)")
_MODEL_WORD = re.compile(r"(?=.*\d)(?=.*[a-z])[a-z\d]+(?:[-'][a-z\d]+)*")


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
            model = _PIECE.match(left, term.span[1] + 1)
            joined = _MODEL.match(left, term.span[1] + 1)
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
    named = {place for term in terms if not term.is_unwanted and term.kind not in ("place", "level") for place in range(*term.span)}
    left = without_terms(
        left, [term for term in terms if term.is_unwanted or term.kind in ("place", "level")]
    )
    for match in _MODEL.finditer(left):
        if match[1] not in _STOP and not (" " in match[0] and len(match[1]) < 2):
            words += [match[1] + match[2], f"{match[1]}-{match[2]}"]
    for match in _PIECE.finditer(left):
        word = match[0].removesuffix("'s")
        if match.start() in named or _may_name(word):
            words.append(word)
            if _MODEL_WORD.fullmatch(word) and "-" in word:
                words.append(word.replace("-", ""))
    return list(dict.fromkeys(word for word in words if word not in _STOP))[:40]


def _may_name(word: str) -> bool:
    return len(word) > 2 and not word.isdigit() and not word.startswith("'")


def _is_count(word: str) -> bool:
    """Tell a count ("88-key", "4") from a model's number."""
    return bool(re.fullmatch(r"\d{1,2}|\d+-(?:key|string|inch|piece|day|week|month)s?", word))


def _with_neighbours(message: Message, left: str, term: Term, terms: Sequence[Term]) -> str:
    """Return the kind with its maker or one or two words that say which: "left-handed guitar"."""
    start, end = term.span
    brands = {other.span[0]: other for other in terms if other.kind == "brand" and not other.is_unwanted}
    for _ in range(2):
        before = left[max(0, start - 40) : start]
        match = re.search(r"([^\W_]+(?:[-'&.][^\W_]+)*) $", before)
        if not match:
            break
        at = start - len(before) + match.start()
        if at not in brands and not _says_which(match[1]):
            break
        if any(other.span[0] <= at < other.span[1] and (other.is_unwanted or other.kind in ("genre", "level", "place", "category")) for other in terms if other is not term):
            break
        start = at
    return message.shown[start:end]


def _says_which(word: str) -> bool:
    return word not in _STOP and not word.isdigit() and "'" not in word and not word.endswith(("ing", "ly")) and len(word) > 2 and word not in _NO_ITEM


def _unknown_thing(message: Message, left: str) -> str | None:
    """Return the noun that a request is followed by, if it is not one that no catalogue has."""
    for match in list(_ASKED.finditer(left))[:20]:
        words: list[re.Match[str]] = []
        at = match.end()
        while len(words) < 3 and (piece := _PIECE.match(left, at)) and piece[0] not in _STOP:
            words.append(piece)
            at = piece.end() + 1
        if not words or any(piece[0].isdigit() or "'" in piece[0] for piece in words):
            continue
        last = words[-1][0]
        if last in _NO_ITEM or last.rstrip("s") in _NO_ITEM or words[0][0] in _NO_ITEM or len(last) < 3 or last.endswith(("ing", "ly", "ed")):
            continue
        return message.shown[words[0].start() : words[-1].end()]
    return None


def _lone_model(message: Message, left: str) -> str | None:
    for match in _MODEL.finditer(left):
        if match[1] not in _STOP and (" " not in match[0] or len(match[1]) > 1) and len(match[2]) > 1:
            return message.shown[match.start() : match.end()]
    return None
