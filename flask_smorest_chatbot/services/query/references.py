"""What a message says of the items shown before: "the second one", "it", "something cheaper"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ...catalog import CatalogItem
from .names import WORD
from .terms import Term, is_turned_down
from .text import Scan, fold

Wish = Literal["cheaper", "dearer", "other"]

_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth".split()
_COUNTS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "couple": 2}
_NTH_WORD = "|".join(_ORDINALS) + r"|last|\d{1,2}(?:st|nd|rd|th)"
_NOUN = r"(?:one|ones|1|option|choice|item|listing|suggestion|recommendation|instrument|guitar|model|result)s?"
_NTH = re.compile(
    rf"(?:\bthe |\b(?<=and )|\b(?<=or )|(?<=, )|^|\b(?<=about )|\b(?<=take )|\b(?<=compare ))(?P<nth>{_NTH_WORD})"
    rf"(?: (?P<count>one|two|three|four|five|couple|[1-9])(?! ?(?:days?|weeks?|months?|nights?|hours?))\b)?(?: {_NOUN})?\b"
    r"(?!-)(?! (?:time|week|weekend|day|days|month|night|minute|thing|place|class|lesson|step|gig|half|hand|grade|of (?:all|the month)|year|concert|show|song|part|chair|string|fret|violin|semester|trip|weeks|week of)s?\b)"
)
_NTH_BARE = re.compile(rf"\b(?P<nth>{_NTH_WORD}) (?:one|ones|option|choice|item|listing|suggestion|recommendation|1)\b")
_NUMBER = re.compile(
    r"(?:\b(?:number|no\.|nr\.?|option|item|choice|listing|suggestion)s? ?#? ?|#)(?P<n>\d{1,2}|one|two|three|four|five)"
    r"(?:,? (?:and|or|&) (?:number |option |#)?(?P<n2>\d{1,2}|one|two|three|four|five))?\b(?! ?(?:days?|weeks?|months?|people|guitars))"
)
_BEST_PRICE = re.compile(
    r"\bthe (?P<low>cheaper|cheapest|least expensive|less expensive|most affordable|more affordable|lowest[- ]priced|lower[- ]priced|budget)"
    r"(?P<tail> (?:one|option|choice|of (?:them|these|those|the (?:two|three|lot|bunch|\d))(?: all)?))?(?=\s?(?:$|[?!.,;\x00]|one\b|for\b|in\b|free\b|available\b|from\b|and\b|or\b|then\b|is\b|please\b|on\b|next\b|between\b|out\b))"
    r"|\bthe (?P<high>most expensive|more expensive|expensive|priciest|pricier|dearest|dearer|best[- ]priced|highest[- ]priced)"
    r"(?: (?:one|option|choice|of (?:them|these|those|the (?:two|three|lot|bunch|\d))(?: all)?))?(?=\s?(?:$|[?!.,;\x00]|one\b|for\b|in\b|free\b|available\b|from\b|and\b|or\b|then\b|is\b|please\b|on\b|next\b|between\b))"
)
_ALL = re.compile(
    r"\b(?:(?:all|each|any|none|either|one|some|which|which one|any one|every one|everyone|neither) of (?:them|these|those|the (?:above|\d|two|three|four|five))"
    r"|all (?:the )?(?:two|three|four|five|[2-9])(?! (?:days|weeks|months|nights))|the (?:two|three|four|five|[2-5])(?= (?:of|you)|[?!.]|$)|them(?: all)?|they|their"
    r"|(?:these|those)(?! (?:dates?|days?|times?|prices?|weekends?|brands?|kinds?|categories|cities|weeks?))"
    r"|which (?:one|1)|which(?= (?:is|are|has|would|do you|should i|sounds|comes))|between the two)\b"
)
_BOTH = re.compile(r"\bboth(?: of (?:them|these|those))?(?=\s?(?:$|[?!.,;\x00]|free|available|for|in|from|on|together|next|please|look|guitars|good|are|at|still|this|instruments|then))")
_NOT_IT = (
    r"(?! (?:possible|true|ok|okay|alright|worth|hard|easy|difficult|normal|work|works|better to|cheaper to|safe|legal|allowed|a problem"
    r"|necessary|important|that|you|we|i\b|take to|raining|like to|cost to rent (?:a|an)|usual|mean|matter|also possible|ok if))"
)
_ONE = re.compile(
    r"\b(?:(?:that|this) (?:one|1|guitar|instrument|item|model|listing|thing|bass|piano|keyboard|amp|violin|drum kit|kit)"
    r"|(?:is|was|will|does|can|could|would|has|did|of|about|rent|book|reserve|take|hire|like|love|see|show me|buy|borrow|extend|picture of|keep|try|where's|what's|when is|where is|have|get|pick up|want|check|use)"
    r" (?:it|(?:that|this)(?= (?:available|free|still|good|ok|suitable|included|in stock|come|work|cost|be)|[?!.,]|$))" + _NOT_IT + r"(?! to be\b)|how much(?: is|'s)? (?:it|that)|^it(?=$|\?| please| then)|its)\b"
)
_CHEAPER = re.compile(
    r"\b(?:(?:something|anything|ones?|any|a|some|got|the same but|but|for|bit|much|little|way|even) ){0,4}(?:cheaper|less expensive|less pricey|more affordable|lower[- ]priced|less costly|more budget[- ]friendly)(?: (?:one|ones|options?|alternatives?|models?|1))?\b(?! than\b)"
    r"|\b(?:(?:way |a bit |a little |much |far )?too|so|very|quite|really|bit|pretty) (?:expensive|pricey|costly|dear|steep|much money|much for me|rich for me)\b|\bcan(?:no|')?t afford (?:it|that|them|this|those)\b|\bcan not afford (?:it|that)\b"
    r"|\b(?:over|above|out of|beyond|more than) (?:my|our) (?:budget|price range)\b|\btoo much\b(?= *(?:$|[,.!?]))|\bmore than i (?:can|want to|could) (?:pay|spend|afford)|\blower (?:the )?price|\bfor less\b|\bgunstiger\w*|\bbilliger\w*|\bmas barat[oa]s?|\bmoins chere?s?"
)
_DEARER = re.compile(
    r"\b(?:(?:something|anything|any|a|some|one|even|bit|much|little|got|slightly) ){1,4}(?:better|nicer|fancier|classier|higher[- ]end|high[- ]end|higher[- ]quality|more expensive|pricier|more premium|premium|more professional|more upmarket)(?: (?:one|ones|options?|models?|quality|1))?\b(?! (?:for|suited|than|at|with|to|in)\b)"
    r"|\b(?:more expensive|higher[- ]end|pricier|fancier) (?:ones?|options?|models?|stuff|guitars?)\b|\bmore expensive\b(?=\s?[?!.]?$)|\b(?:an upgrade|a step up|top of the line|step it up)\b|\bteurer\w*|\bbesseres\b"
)
_OTHER = re.compile(
    r"\b(?:(?:something|anything|someone|what|nothing|who) (?:else|different)|else|show me more|see more|more (?:options|choices|results|suggestions|ideas|like (?:this|that|these|those|it|them)|of (?:these|those|them)|please|recommendations|guitars)"
    r"|any more|(?:some|a few|few|give me) more(?=\s?(?:$|[?!.]))|^more|(?:(?:any|some|the|what|your|which) )?other(?! (?:than|hand|day|week|weekend|time|dates?|days?|cit|place|location|words|side|half|people|musicians|kids|brands? than))"
    r"(?: (?:ones?|options?|choices?|models?|suggestions?|recommendations?|ideas?|things?|stuff|brands?|possibilities))?|others|another(?! (?:day|week|weekend|time|date|city|place|location|month|thing|question|town|country|\d|two|three))(?: (?:one|option|choice|model|suggestion|1|brand))?"
    r"|different (?:ones?|options?|models?|choices?|guitars?|brands?)|a different|alternatives?|next (?:ones|page|few|results)|none of (?:these|those|them)|neither(?: of (?:these|those|them))?|not (?:these|those|any of (?:these|those|them))|etwas anderes|otra cosa|otros|autre chose|d'autres)\b"
)


@dataclass(frozen=True, kw_only=True)
class References:
    """What a message says of the items shown before.

    :param ids: of the items that it speaks of
    :param excluded_ids: of those that it turns down
    :param wish: for others than those shown
    :param notices: sentences on what could not be told
    """

    ids: tuple[int | str, ...] = ()
    excluded_ids: tuple[int | str, ...] = ()
    wish: Wish | None = None
    notices: tuple[str, ...] = ()
    has_any: bool = False


def take_references(
    scan: Scan, items: Sequence[CatalogItem], last_ids: Sequence[int | str], terms: Sequence[Term]
) -> References:
    """Return what a message says of the items shown before, and take it from the message.

    :param last_ids: of the items that the user's last message spoke of
    """
    found: list[tuple[int, Sequence[CatalogItem], bool]] = []
    notices: list[str] = []
    text = scan.left
    for start, chosen in _named(scan, items, terms):
        found.append((start, chosen, is_turned_down(text[max(0, start - 60) : start])))
    for start, chosen, words in _counted(scan, items):
        if items and not chosen:
            notices.append(f'There is no "{words}" among the {len(items)} shown.')
        elif not items:
            notices.append(f'Nothing was shown before that "{words}" could be.')
        found.append((start, chosen, is_turned_down(text[max(0, start - 60) : start])))
    wish = _take_wish(scan)
    if not found and wish is None:
        found += [(start, chosen, False) for start, chosen in _pronouns(scan, items, last_ids, notices)]
    elif wish == "cheaper" or wish == "dearer":
        scan.take(_ONE)
    kept = [item.id for _, chosen, out in sorted(found, key=lambda hit: hit[0]) for item in chosen if not out]
    out = [item.id for _, chosen, is_out in found for item in chosen if is_out]
    return References(
        ids=tuple(dict.fromkeys(kept)),
        excluded_ids=tuple(dict.fromkeys(out)),
        wish=wish,
        notices=tuple(notices),
        has_any=bool(found),
    )


def _take_wish(scan: Scan) -> Wish | None:
    wishes: tuple[tuple[Wish, re.Pattern[str]], ...] = (("cheaper", _CHEAPER), ("dearer", _DEARER), ("other", _OTHER))
    taken = [wish for wish, pattern in wishes if scan.take(pattern)]
    return taken[0] if taken else None


def _counted(scan: Scan, items: Sequence[CatalogItem]) -> Iterator[tuple[int, Sequence[CatalogItem], str]]:
    """Yield the items told by their place in the list or by their price."""
    for match in scan.take(_BEST_PRICE):
        priced = [item for item in items if item.amount_per_day is not None]
        best = (min if match["low"] else max)(priced, key=_price, default=None)
        yield match.start(), [best] if best else [], match[0]
    for pattern in (_NTH, _NTH_BARE):
        for match in scan.take(pattern):
            yield match.start(), _nth(match, items), match[0].strip()
    for match in scan.take(_NUMBER):
        chosen: list[CatalogItem] = []
        for said in (match["n"], match["n2"]):
            number = 0 if said is None else _COUNTS.get(said) or int(said)
            chosen += items[number - 1 : number] if number else []
        yield match.start(), chosen, match[0]
    for match in scan.take(_BOTH):
        yield match.start(), items[:2], match[0]


def _nth(match: re.Match[str], items: Sequence[CatalogItem]) -> Sequence[CatalogItem]:
    nth, groups = match["nth"], match.groupdict()
    said = groups.get("count")
    count = 1 if said in (None, "one", "1") else _COUNTS.get(said) or int(said)
    if nth == "last":
        return items[-count:] if items else []
    number = _ORDINALS.index(nth) + 1 if nth in _ORDINALS else int(nth[:-2])
    return items[number - 1 : number - 1 + count] if number else []


def _price(item: CatalogItem) -> object:
    return item.amount_per_day


def _pronouns(
    scan: Scan, items: Sequence[CatalogItem], last_ids: Sequence[int | str], notices: list[str]
) -> Iterator[tuple[int, Sequence[CatalogItem]]]:
    """Yield the items meant by "them" or "it"; "it" among several is the first."""
    spoken_of = [item for item in items if item.id in last_ids] or list(items)
    for match in scan.take(_ALL):
        yield match.start(), spoken_of if len(spoken_of) > 1 else items
    for match in scan.take(_ONE):
        if len(spoken_of) > 1:
            notices.append(f'"{match[0]}" was taken to be {spoken_of[0].name}.')
        yield match.start(), spoken_of[:1]


def _named(
    scan: Scan, items: Sequence[CatalogItem], terms: Sequence[Term]
) -> Iterator[tuple[int, Sequence[CatalogItem]]]:
    """Yield the items told by their model, or as "the Yamaha", "the guitar", "the one in Austin"."""
    text = scan.left
    models = list(_models(text, items))
    yield from models
    for term in terms:
        start, end = term.span
        before, after = text[max(0, start - 12) : start], text[end : end + 12]
        is_definite = re.search(r"\b(?:the|that|this) $", before) or re.match(r" (?:one|1)\b", after)
        is_one_in = re.search(r"\bone (?:in|from|at) $", before)
        if not (is_definite or is_one_in) or models:
            continue
        matching = [item for item in items if _is(item, term)]
        if matching and (term.kind in ("brand", "place") or len(matching) == 1):
            scan.blank([(start, end)])
            yield start, matching


def _is(item: CatalogItem, term: Term) -> bool:
    fields = {"brand": item.brand, "category": item.category, "place": item.location}
    said = fields.get(term.kind)
    if said is None and term.kind in ("brand", "category"):
        said = item.name
    if not said:
        return False
    names = [fold(value) for value in term.meaning.values]
    known = fold(said)
    return known in names or (term.kind != "category" and any(name in known for name in names))


def _models(text: str, items: Sequence[CatalogItem]) -> Iterator[tuple[int, Sequence[CatalogItem]]]:
    """Yield the items whose whole name or model a message says, however it joins its parts."""
    spots = list(WORD.finditer(text))[:400]
    starts: dict[str, int] = {}
    for place in range(len(spots)):
        for length in range(1, 6):
            said = "".join(spot[0] for spot in spots[place : place + length])
            starts.setdefault(said, spots[place].start())
    for item in items:
        name = "".join(WORD.findall(fold(item.name)))
        brand = "".join(WORD.findall(fold(item.brand or "")))
        model = name.removeprefix(brand) if brand else name
        for spelling in (name, model if len(model) > 2 else name):
            if spelling in starts:
                yield starts[spelling], [item]
                break
