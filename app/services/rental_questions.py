"""Whether a message asks about the user's own rentals, and what it wants to know of them.

Patterns rather than a model: the same message always gets the same answer, in no time. They err on
the side of silence, as most messages are about what could be rented.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

Topic = Literal["due", "late", "money", "extend", "cancel", "return", "past"]


@dataclass(frozen=True)
class RentalQuestion:
    """What a message asks about the user's own rentals.

    :param topics: what it wants to know; empty for "which are they"
    :param is_sure: False when it may as well be about somebody else's rental of an item: then it
        is about the user's own only if they have such an item
    :param has_pronoun: an unsure message names no item but says "it"
    """

    topics: frozenset[Topic]
    is_sure: bool
    has_pronoun: bool = False


def rental_question(text: str) -> RentalQuestion | None:
    """Return what a message asks about the user's own rentals; None when it asks nothing of them.

    :param text: in English or, for the usual phrases, Spanish, German or French
    """
    plain = folded(text)[:_MAX_CHARS]
    topics = frozenset(topic for topic, pattern in _TOPICS.items() if pattern.search(plain))
    if _SURE.search(plain) and not _NOT_OWN.search(plain):
        return RentalQuestion(topics, is_sure=True)
    if _WISH.search(plain):
        return None
    if _LIKELY.search(plain):
        return RentalQuestion(topics, is_sure=True)
    if unsure := _UNSURE.search(plain):
        return RentalQuestion(topics, is_sure=False, has_pronoun=_is_pronoun(unsure))
    return None


def folded(text: str) -> str:
    """Return a text in lower case, without accents, with plain apostrophes and single spaces."""
    apostrophes = text.replace("\u2019", "'").replace("\u2018", "'")
    letters = unicodedata.normalize("NFKD", apostrophes).casefold()
    return " ".join("".join(c for c in letters if not unicodedata.combining(c)).split())


_MAX_CHARS = 2000  # what asks about rentals says so early; patterns need not read a novel


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


def _is_pronoun(found: re.Match[str]) -> bool:
    return re.search(r"\b(?:it|this|that|them|they|one)\b", found.group()) is not None


_WORDS = r"(?:[\w&'./-]+ )"
_BOOKING = r"(?:rentals?|bookings?|reservations?|hires?|orders?(?! of))"
_RENTED = r"(?:rented|booked|reserved|hired)"
_NOT_MINE = r"(?:first|next|band|budget|own|dream|ideal|future|perfect)"
_PURPOSE = r"(?:budgets?|needs?|experience|preferences?|requirements?|plans?|search|request)"
_GIVE_BACK = r"(?:return|bring|give|hand|send|take|drop)"
_THE = r"(?:the|this|that)"
_END = r"(?=$| ?[?.!,;)]| (?:please|now|today|tomorrow|early|on time))"

# Nothing else can be meant, whatever stands around it.
_SURE = _any_of(
    rf"\bmy (?!{_NOT_MINE}\b){_WORDS}{{0,3}}?{_BOOKING}\b(?! {_PURPOSE}\b)",
    rf"\b(?:when|what|which|is|has)\b.{{0,20}}\bmy next {_BOOKING}\b",
    rf"\bmy {_WORDS}{{0,6}}?(?:due|overdue|late|returned)\b(?! (?:to|because) )",
    rf"\b(?:when|until|till|how long|is|are)\b.{{0,30}}\bmy {_WORDS}{{0,6}}?{_RENTED}\b",
    rf"\b(?:what|which|how many|any) {_BOOKING} (?:do|have) i\b",
    r"\bmine (?:\w+ )?(?:due|late|overdue)\b",
    rf"\bmy {_WORDS}{{0,5}}?(?:rental|rented|booking|reservation)\b(?! {_PURPOSE}\b)"
    r".{0,30}(?:due|end|start|until|confirm|accept|approv|cost|total)",
    r"\b(?:is|are|was|has|have) my .{0,40}\b(?:been )?(?:confirmed|accepted|approved)\b",
    r"\bmy (?:current |rental |final )?(?:total|bill|balance|invoice|charges?|late fees?)\b"
    r"(?! (?:budget|limit))",
    r"\bmy (?:return|due|pick-?up) (?:date|day|deadline)\b",
    r"\bam i (?:\w+ ){0,2}?(?:late|overdue|past due)\b"
    rf"(?! (?:to|for) (?!{_GIVE_BACK}|return))",
    r"\bi(?:'m| am) (?:\w+ ){0,2}?(?:late|overdue) (?:with|returning|bringing|giving) "
    r"(?:my|the|it)\b",
    r"\bhow (?:late|overdue) am i\b",
    rf"\bmy {_WORDS}{{1,5}}?(?:go|goes|come|comes|be) back\b",
    rf"\b(?:did|have|had) (?:i|we) (?:\w+ ){{0,2}}?(?:rent|book|reserve|hire|{_RENTED})\b",
    r"\bam i (?:\w+ ){0,2}?(?:renting|hiring)\b(?! out)",
    r"\bdo i (?:still |currently )?owe\b",
    r"\b(?:am i|are we) paying\b",
    r"\b(?:mis?|nuestr[oa]s?) (?:\w+ ){0,2}?(?:alquiler(?:es)?|reservas?|rentas?)\b",
    r"\bmein(?:e[nrms]?)? (?:\w+ ){0,2}?(?:miet(?:e|ung|ungen|vertrag|gerat)|buchung(?:en)?"
    r"|reservierung(?:en)?|ausleihen?|gemietet\w*|ruckgabe\w*)\b",
    r"\b(?:ma|mes|mon) (?:\w+ ){0,2}?(?:locations?|reservations?)\b",
)

# ... unless this does: the words of somebody who lends, plays or imagines.
_NOT_OWN = _any_of(
    r"\bmy (?:\w+ ){0,2}?(?:listings?|customers?|tenants?|renters?)\b",
    rf"\b(?:for|as|be|it's|is|on) my (?:very )?(?:first|next) (?:\w+ )?{_BOOKING}\b",
    rf"\b(?:similar to|same as|like|instead of|to go with|besides|match(?:es)?) my {_WORDS}{{0,3}}?"
    rf"{_BOOKING}\b",
)

# They speak of what they want, not of what they have: the patterns below do not count then.
_WISH = _any_of(
    r"\b(?:want|like|love|looking|need|wish|hope|hoping|plan|planning|wanna|trying|going)"
    r"(?: to| for)? (?:a |an |some |another )?(?:\w+ )?(?:rent|hire|book|reserve|rental)\b",
    r"\b(?:can|could|may|do|should|would|must|shall|will) (?:i|we|you|one|people) (?:\w+ )?"
    r"(?:rent|hire|book|reserve)\b",
    r"\b(?:if|before|once|when|after) (?:i|we|you|someone|somebody|one) (?:\w+ )?"
    r"(?:rent|hire|book|reserve|want|need|decide)s?\b",
    r"\b(?:recommend|suggest|similar|something like|looking for|show me (?:some|a|an)\b)",
    r"\b(?:policy|policies|in general|generally|usually|typically|normally)\b",
)

_LIKELY = _any_of(
    # What have I got?
    rf"\b(?:what|which|everything|all|anything|things?|ones?|instruments?|stuff|(?:the|that) "
    rf"{_WORDS}{{1,4}}?)(?: \w+){{0,2}}? ?(?:that |which )?\b(?:i|we)(?: have|'ve)? "
    rf"(?:\w+ )?{_RENTED}\b",
    r"\b(?:do (?:i|we) (?:still |currently |now )?have|have (?:i|we) (?:still )?(?:got|any\w*)) "
    rf"{_WORDS}{{0,3}}?(?:rentals?|bookings?|reservations?|{_RENTED}|out|on rent|on hire|overdue"
    r"|to return|due|on loan|checked out)\b",
    # When and how does it go back?
    rf"\b(?:when|where|how|by when|until when|(?:what|which) (?:day|date|time))\b.{{0,25}}"
    rf"\b(?:i|we)\b.{{0,20}}\b{_GIVE_BACK} (?:back |off )?(?:it|them|this|my|the)\b",
    rf"\b(?:when|where|until when)\b.{{0,20}}\b(?:i|we)\b.{{0,20}}\b(?:return|bring back)\b{_END}",
    r"^(?:(?:and|so|please|hi|hello|hey|ok),? )*(?:(?:tell|give) me )?(?:what|when)?"
    r"(?:'s| is| was)? ?(?:the )?(?:return|due)[ -]?(?:date|day)" + _END,
    r"\b(?:anything|something|what|which|everything)\b.{0,20}\bi (?:still )?(?:need to|have to|must"
    r"|should) (?:bring|give|take) back\b",
    r"\bdays? (?:\w+ )?(?:left|remain\w*)\b.{0,15}\b(?:on|with|for|of) (?:my|the|it)\b",
    r"\b(?:when|where) (?:can|do|should|may|must) i (?:pick|collect|get)\b.{0,20}\bmy\b",
    r"\bwhen am i (?:due|supposed|meant|expected)\b.{0,15}\b(?:back|return)",
    # Longer, or not at all
    r"\b(?:i|we|you|to|please|me|how about)\b.{0,25}\b(?:extend|prolong|renew)(?:ing)?\b"
    r"(?: (?:my|our|by|for|until|(?:the |this |that |a )?(?:current )?(?:rental|rent|booking"
    r"|reservation|hire|loan|lease|period|dates?|return|due date|time|deadline))\b|" + _END + ")",
    r"^(?:please )?(?:extend|renew|prolong|cancel) (?:my|the|this)\b",
    r"\b(?:keep(?:ing)?|have|hold on to) (?:my|the|this) .{1,40}?\b(?:longer|past|"
    r"(?:for )?(?:another|\w+ more|an? extra) (?:days?|weeks?|months?))\b",
    r"\b(?:another|one more|an extra|more) (?:days?|weeks?|months?|time) (?:with|on|for) my\b",
    r"\b(?:i|we|you|please|to)\b.{0,25}\bcancel(?:l?ing)?\b(?: (?:my|our|(?:the|this|that|a) "
    rf"(?:\w+ )?(?:rental|booking|reservation|hire))\b|{_END})",
    r"\bcancel (?:my|the) (?:\w+ ){0,3}?(?:rental|booking|reservation)\b",
    r"\b(?:has|have|did) (?:the|my|its) owners? (?:\w+ )?(?:confirm|accept|approve|answer|reply"
    r"|replie|respond|agree)(?:e?d)?(?: (?:it|me|my .{1,30}?))?(?: (?:yet|already))?" + _END,
    # Spanish
    r"\b(?:cuando|donde|como|hasta cuando|que dia)\b.{0,25}\b(?:devolver|devuelvo|entregar)\b"
    r"(?! un[ao]?\b)",
    r"\b(?:cuando) (?:vence|termina|acaba)\b.{0,15}\b(?:mi|el alquiler|la reserva)\b",
    r"\b(?:que|cuales?) (?:\w+ ){0,3}?(?:he alquilado|alquile|he reservado|reserve"
    r"|tengo (?:alquilad|reservad)\w+)\b",
    r"\bcuanto (?:os |te |les )?debo\b(?! pagar (?:por|para) (?:alquilar|un))",
    r"\b(?:estoy|voy) (?:\w+ )?(?:atrasad|retrasad|tarde)\w*",
    r"\b(?:extender|prolongar|ampliar|alargar|renovar|cancelar|anular)\b.{0,12}"
    r"\b(?:mi|el alquiler|la reserva)\b",
    r"\bfecha de (?:devolucion|entrega)\b",
    # German
    r"\b(?:wann|wo|wie|bis wann)\b.{0,60}\b(?:zuruck|zurueck)(?:geben|bringen|zugeben|zubringen)\b",
    r"\bwann\b.{0,20}\bmein\w* .{0,30}\b(?:fallig|zuruck|abgeben)\b",
    r"\b(?:habe?|hab) ich\b.{0,30}\b(?:gemietet|gebucht|reserviert|ausgeliehen|geliehen)\b",
    r"\bschulde ich\b",
    r"\bbin ich (?:\w+ )?(?:zu spat|uberfallig|in verzug|im verzug)\b(?! (?:um|fur) )",
    r"\b(?:verlangern|verlangere|stornier\w+)\b.{0,15}(?:\bich\b|\bmein|\bdie (?:miete|buchung))",
    r"\b(?:ich|mein\w*|die miete|die buchung)\b.{0,40}"
    r"\b(?:verlangern|stornieren|langer behalten)\b",
    r"\bruckgabe(?:datum|termin|tag)\b",
    # French
    r"\b(?:quand|ou|comment|quel jour)\b.{0,20}\b(?:dois|faut|puis|devons)\b.{0,12}\b(?:rendre"
    r"|ramener|rapporter|retourner)\b(?! une?\b)",
    r"\b(?:suis-je|je suis|est-ce que je suis) (?:\w+ )?en retard\b",
    r"\bcombien (?:est-ce que )?(?:je (?:vous )?dois|dois-je|vous dois-je)\b"
    r"(?! payer pour (?:louer|une?))",
    r"\bj'ai (?:\w+ )?(?:loue|reserve)e?s?\b(?= ?[?]| en ce moment|$)",
    r"\bai-je (?:\w+ )?(?:loue|reserve)e?s?\b",
    r"\b(?:prolonger|annuler)\b.{0,12}\b(?:ma|mon|mes|la (?:location|reservation))\b",
    r"\bdate de (?:retour|restitution)\b",
)

# Of an item that the user may have, or that somebody else has and the user waits for.
_UNSURE = _any_of(
    rf"\b(?:when|is|are|was)(?:'s)? (?:the|this|that) {_WORDS}{{1,6}}?(?:due|overdue)\b",
    rf"\b(?:when|by when|until when)\b.{{0,15}}\b(?:the|this|that) {_WORDS}{{1,5}}?"
    r"(?:go back|be back|be returned|due)\b",
    r"\b(?:when|is|are|was)(?:'s)? (?:it|they|this|that) (?:\w+ )?(?:due|overdue)\b",
    r"\bhow (?:long|many (?:more )?days) (?:do|can|may) i (?:still )?(?:have|keep) "
    rf"(?:it|them|(?:the|this|that) {_WORDS}{{0,4}}[\w-]+)",
    r"\buntil when (?:can|may|do) i (?:have|keep) "
    rf"(?:it|them|(?:the|this|that) {_WORDS}{{0,4}}[\w-]+)",
    r"\b(?:extend|renew|cancel|keep) (?:it|them)\b(?!,)(?: longer| for another| until|"
    + _END
    + ")",
    r"\bkeep (?:it|them) (?:\w+ ){0,3}?longer\b",
    rf"\bkeep (?:my|{_THE}) {_WORDS}{{1,6}}?(?:until|till|through|for|longer|past|over)\b",
    rf"\b(?:i|we|you|please|to)\b.{{0,25}}\b(?:cancel(?:l?ing)?|extend(?:ing)?|renew(?:ing)?) "
    rf"(?:my|{_THE}) [\w-]+\b(?! of\b)",
    rf"\bhow much (?:is|was|are|were|do i pay for) my (?!{_PURPOSE}\b|.{{0,40}}\bworth\b)"
    rf"{_WORDS}{{0,5}}[\w-]+{_END}",
    r"\b(?:i|we)\b.{0,25}\b(?:return(?:ing)?|bring(?:ing)? back|giv(?:e|ing) back) "
    rf"(?:my|{_THE}) {_WORDS}{{0,5}}?(?:early|earlier|sooner|late|later|today|tomorrow|tonight|now"
    r"|before|ahead|on|in|by|next|this)\b",
    r"\b(?:i|we)\b.{0,25}\b(?:bring|give|take|hand) "
    rf"(?:my|{_THE}) {_WORDS}{{1,5}}?back (?:early|earlier|sooner|late|later|today|tomorrow)\b",
)

_TOPICS: dict[Topic, re.Pattern[str]] = {
    "late": _any_of(
        r"\b(?:late|overdue|past due)\b",
        r"\b(?:atrasad|retrasad|tarde)",
        r"\bzu spat\b|fallig",
        r"\ben retard\b",
    ),
    "money": _any_of(
        r"\b(?:owe|total|cost|costs|pay|paying|bill|balance|invoice|price|charge[sd]?|fees?)\b",
        r"\bhow much\b",
        r"\b(?:cuanto|debo|schulde|kostet|combien|coute)\b",
        r"\bwie ?viel\b",
    ),
    "extend": _any_of(
        r"\b(?:extend|extension|prolong|renew|longer|keep)",
        r"\b(?:another|more) (?:day|week|month)",
        r"\b(?:extender|prolongar|ampliar|alargar|renovar)",
        r"\bverlanger|\blanger\b",
        r"\bprolonger\b",
    ),
    "cancel": _any_of(r"\bcancel", r"\banular\b", r"\bstornier", r"\bannuler\b"),
    "return": _any_of(
        r"\b(?:how|where)\b.{0,40}\b(?:return|bring|give|hand|take|drop|send)\b",
        r"\b(?:return|bring|giv|hand|tak)\w*\b.{0,60}\b(?:early|earlier|sooner|ahead)\b",
        r"\b(?:donde|como)\b.{0,30}\b(?:devolv|devuelv|entreg)",
        r"\b(?:wo|wie)\b.{0,60}\bzuru",
        r"\b(?:ou|comment)\b.{0,30}\b(?:rendre|ramener|rapporter|retourner)\b",
    ),
    "past": _any_of(
        r"\b(?:last|past|previous|previously|before|history|ever|earlier|so far)\b",
        r"\b(?:did|had|have) (?:i|we) (?:\w+ )?(?:rent|hire|rented|hired)\b",
        r"\beverything\b.{0,20}\b(?:rented|booked|hired)\b",
        r"\b(?:historial|anterior|pasad|alquile\b|he alquilado)",
        r"\b(?:habe ich\b.*\bgemietet|fruher|bisher)",
        r"\b(?:loue\b|louees?\b|passees?\b|historique)",
    ),
    "due": _any_of(r"\b(?:due|when|back|until|return)\b", r"\b(?:cuando|wann|quand)\b"),
}
