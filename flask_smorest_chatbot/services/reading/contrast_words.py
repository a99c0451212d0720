"""The words by which a text passes from one thing to another, in several languages. Folded."""

from __future__ import annotations

import re

#: The writer decides, or says what the user needs.
_VERDICT = (
    r"(?:i (?:d|would|ll|think|believe|recommend|suggest|prefer)|my (?:pick|choice|recommendation"
    r"|advice|favou?rite)|you (?:d|would|might|may|could|will|ll|re|are) be(?:tter)?"
    r"|(?:the )?better (?:choice|option|fit|pick|match|value|off)|go (?:with|for)|stick (?:with|to)"
    r"|you (?:need|want)|on second thoughts?|recomiendo|recomendaria|sugiero|necesita\w*|yo|je"
    r"|vous faut|conseille|ich|brauchen|brauchst|empfehle|consigli\w+|io|le serve|ti serve|eu"
    r"|recomendo|precisa|ik|raad|polecam)"
)
_SO = (
    r"(?:so|therefore|thus|hence|that s why|for that reason|asi que|por eso|donc|deshalb|daher"
    r"|darum|quindi|percio|portanto|por isso|dus|daarom|wiec|dlatego)"
)
_BUT = (
    r"(?:but|however|though|still|yet|while|although|pero|aunque|mais|bien que|aber|doch|obwohl"
    r"|ma|anche se|mas|embora|maar|hoewel|ale)"
)
#: Leads from what is said of one thing to another: "so", or "but I'd".
LEADS_ON = re.compile(rf"\b(?:{_SO}\b|{_BUT}\b(?:\W+\w+){{0,6}}?\W+{_VERDICT}\b)")
#: Begins the sentence that comes to an end: "So: the A".
CONCLUDES = re.compile(rf"\W*{_SO}\b\W*(?:\w+\W+){{0,4}}$")
BREAKS = re.compile(rf"\b{_BUT}\b")
#: Adds a thing to another, or offers it on a condition.
ADDS = re.compile(
    r"\b(?:also|too|another|second|adds?|alternatively?|if|when|both|as well|other hand"
    r"|tambien|aussi|auch|anche|tambem|ook|tez|si|wenn|se|jesli)\b"
)
INSTEAD = re.compile(
    r"\b(?:instead(?! of)|en su lugar|a la place|stattdessen|invece(?! d)|em vez disso"
    r"|in plaats daarvan|zamiast tego)\b"
)
#: Just before a thing: no other.
ONLY = re.compile(r"\b(?:only|solo|seulement|nur|soltanto|apenas|alleen|tylko)(?: \w{1,4})?\W*$")
#: Just before a list of which one is chosen.
AMONG = re.compile(
    r"\b(?:between|among|of|from|entre|zwischen|von|tra|fra|tussen|miedzy)(?: the| el| la| le| der"
    r"| dem)?\W*$"
)
VERSUS = re.compile(r"\W*\b(?:vs|versus|gegen|contra|contre)\b\W*(?:the )?")
EITHER = re.compile(r"\W+(?:\w+\W+){1,4}either\b")
DENIES = re.compile(r"\b(?:not|no|\w+n\W?t)\b")
#: Before a thing: what the user did with it, or what the writer first thought of it.
YOURS = re.compile(
    r"\b(?:you(?: \w+){0,2} (?:asked|mentioned|looked|said|wanted|liked|tried|rented|played|own"
    r"|owned|inquired|enquired|requested|named|considered|considering|had)"
    r"|i (?:was|had|first) (?:\w+ ){0,3}(?:say|suggest|recommend|thought|considered))\b"
    r"(?: \w+){0,4}\W*$"
)
#: What the user had said of the wish, which the thing does not meet.
WISH = re.compile(
    r"\byou (?:told|said|asked|wanted|have\W+\d|have [$\u20ac\u00a3]|only have"
    r"|d like to (?:pay|spend))"
)
STOP = re.compile(r"[.!?;:](?=\s)|\n")
