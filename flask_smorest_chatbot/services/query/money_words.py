"""The words in which users speak of money, in five languages. Folded spelling."""

from __future__ import annotations

import re

CURRENCIES = {
    "USD": r"us\$|\$|usd|dollars?|bucks?|dolar(?:es)?|dollar[io]",
    "EUR": r"€|eur(?:os?)?",
    "GBP": r"£|gbp|pounds?|quid",
    "CHF": r"chf|francs?|franken",
    "CAD": r"ca\$|c\$|cad",
    "AUD": r"au\$|a\$|aud",
    "JPY": r"¥|jpy|yen",
    "INR": r"₹|inr|rupees?",
}
CURRENCY = "|".join(sorted(CURRENCIES.values(), key=len, reverse=True))
NUMBER = r"\d{1,9}(?:[.,]\d{1,3}){0,3}"
AMOUNT = re.compile(
    rf"(?<![\w.,/#])(?P<before>(?:{CURRENCY})\s?)?(?<!\w-)(?P<number>{NUMBER})(?P<thousand>k\b)?"
    rf"(?:\s?(?P<after>{CURRENCY})(?!\w))?(?P<plus>\+)?(?:-?ish)?(?![\w])"
)
BETWEEN = re.compile(r"\s?(?:-|to|and|or|bis|und|a|y|et)\s?")
UNITS = {
    "day": r"days?|d|nights?|tag|nacht|dia|noche|jour|nuit|giorno|notte",
    "week": r"weeks?|wk|w|woche|semana|semaine|settimana",
    "month": r"months?|mo|mth|monat|mes|mois|mese",
    "hour": r"hours?|hr|h|stunde|hora|heure",
    "year": r"years?|yr|annum|jahr|ano|an",
}
PER = r"(?:/\s?|(?:per|a|an|each|every|the|pro|je|am|im|in der|por|al|a la|par|la|le|alla|il)\s)"
UNIT = re.compile(
    rf"[\s,]*(?:{PER}(?:"
    + "|".join(f"(?P<{unit}>{words})" for unit, words in UNITS.items())
    + r")(?!\w)|(?P<daily>daily|nightly|taglich|diarios?)\b|(?P<weekly>weekly|wochentlich)\b"
    r"|(?P<monthly>monthly|monatlich|mensuales)\b)"
)
TOTAL = re.compile(
    r"[\s,(]*(?:to (?:spend|pay) )?(?:in (?:total|all)|total|altogether|all together|overall"
    r"|all[ -]in|for everything"
    r"|for the lot|per rental|insgesamt|en total|au total|in totale|in tutto"
    r"|for (?:the|this|my|our) (?:(?:whole|entire|full) )?"
    r"(?:thing|time|period|stay|rental|rent|trip|lot|duration))\b"
)
TOTAL_BEFORE = re.compile(
    r"\b(?:total|overall|altogether)(?: (?:budget|price|cost|amount))?[^,.;!?]{0,24}$"
)
UNIT_BEFORE = re.compile(
    r"\b(?P<unit>daily|weekly|monthly) (?:budget|rate|price|limit|cost|rent|maximum)[^,.;!?]{0,24}$"
)
FOR_UNIT = re.compile(
    r"(?: budget)?\s?for (?:the|a|1|one) (?:whole |entire |full )(?P<unit>week|month|day)\b"
    r"|(?: budget)?\s?for the (?P<same>week|month|day)\b"
)
FOR = re.compile(r"[\s,]*for (?:(?:the|this|that|a) (?:whole|entire|full|long) )?")
AT_MOST_AFTER = re.compile(
    r"[\s,(]*(?:max(?:imum|imal)?|at most|at the most|or (?:less|under|below|cheaper|lower)|tops"
    r"|and (?:under|below)|o menos|ou moins|oder weniger|hochstens|limit)\b\.?"
)
AT_LEAST_AFTER = re.compile(
    r"[\s,(]*(?:min(?:imum)?|at least|or (?:more|above|up|over)|and (?:up|above|more)|upwards)\b"
)
FILLER = r"(?: (?:the|a|an|of|is|at|about|around|like|maybe|only|just|say|us|to|be|roughly)){0,4}"
AT_MOST = re.compile(
    r"(?:\b(?:under|below|beneath|less than|lower than|cheaper than|max(?:imum|imal)?\.?"
    r"|at most|up to|(?:no|not|nothing|never) (?:more|higher|over|above)(?: than)?"
    r"|not exceed(?:ing)?"
    r"|within|spend(?:ing)?|pay(?:ing)?|afford|budget|limit(?:ed)?|capped|cap|unter|hochstens"
    r"|bis zu|weniger als|nicht mehr als|menos de|maximo|hasta|como mucho|no mas de|por debajo de"
    r"|moins de|au plus|jusqu'a|pas plus de|meno di|(?:al )?massimo|fino a|non piu di)|<=?"
    r"|\bbudget(?:'s|:))" + FILLER + r"[ :=]?$"
)
ABOUT = re.compile(
    r"(?:\b(?:about|around|more like|roughly|approx(?:imately)?\.?|circa|ca\."
    r"|near(?:ly)?|ungefahr|etwa"
    r"|alrededor de|environ|have|got|for|have only|is)|~)" + FILLER + " ?$"
)
AT_LEAST = re.compile(
    r"(?:\b(?:at least|more than|over|above|min(?:imum)?|(?:no|not|nothing) (?:less|under|below)"
    r"(?: than)?|upwards of|starting (?:at|from)|mindestens|mehr als|al menos|mas de|almeno"
    r"|piu di|au moins"
    r"|plus de)|>=?)" + FILLER + " ?$"
)
NOT = re.compile(
    r"(?:\b(?:nothing|not|never|without|cannot|can't|nicht|no)|n't)(?: (?:to|spend|spending|pay"
    r"|paying|afford|have|go|going|want|wanting|cost|costs|costing|be|anything|something|it|like"
    r"|much)){0,5} $"
)
# After a bare number: the end, a mark, or a word that shows the number to stand by itself.
ALONE = re.compile(
    r"\s?(?:$|[,;!?)\x00]|\.(?!\d)| (?:a|per|an|each|in|for|or|and|max|please|pls|total|if|but"
    r"|to spend"
    r"|on|at|near|around|daily|weekly|monthly|this|next|tomorrow|that|when|until|from|starting"
    r"|with|i|we|thanks|now|then|instead|is|would|will|bitte|por|pro|par)\b(?! (?:day|week"
    r"|month)s? old))"
)
#: Behind a price these ask about it, or say that it is none to pay.
ASKS_ABOUT = re.compile(
    r"\s?(?:is (?:way |a bit |a little )?too (?:much|expensive)|negotiable"
    r"|correct|fair|the (?:best|final|lowest|normal) price)\b"
)
TO_SPEND = re.compile(r"\s?to (?:spend|pay)\b")

#: Asks what something comes to.
PRICE = re.compile(
    r"\b(?:how much|costs?|prices?|pay|charge|fees?|in all|altogether|sum|totale?s?"
    r"|kostet|kosten|preise?|gesamt\w*|summe|wie ?viel|cuanto|cuestan?|precios?"
    r"|combien|coute\w*|prix|quanto|costa(?:no)?|prezz[oi])\b"
)
