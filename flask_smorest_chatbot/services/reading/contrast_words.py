"""The words by which a text passes from one thing to another, in several languages. Folded."""

from __future__ import annotations

import re

#: The writer decides, or says what the user needs.
_VERDICT = (
    r"(?:i (?:d|would|ll|think|believe|recommend|suggest|prefer)|my (?:pick|choice|recommendation"
    r"|advice|favou?rite)|you (?:d|would|might|may|could|will|ll|re|are) be(?:tter)?"
    r"|(?:the )?better (?:choice|option|fit|pick|match|value|off)|go (?:with|for)|stick (?:with|to)"
    r"|(?<!if )you (?:need|want)|on second thoughts?|recomiendo|recomendaria|sugiero|necesita\w*"
    r"|yo|je|vous faut|conseille|ich|brauchen|brauchst|empfehle|consigli\w+|io|le serve|ti serve|eu"
    r"|recomendo|precisa|ik|raad|polecam)"
)
_SO = (
    r"(?:so|therefore|thus|hence|that s why|for that reason|asi que|por eso|donc|deshalb|daher"
    r"|darum|quindi|percio|portanto|por isso|dus|daarom|wiec|dlatego)"
)
_BUT = (
    r"(?:but|however|though|still|yet|while|although|pero|aunque|mais|bien que|aber|doch|obwohl"
    r"|ma|anche se|(?<=, )mas|embora|maar|hoewel|ale)"
)
#: Leads from what is said of one thing to another: "so", or "but I'd".
LEADS_ON = re.compile(rf"\b(?:{_SO}\b|{_BUT}\b(?:\W+\w+){{0,6}}?\W+{_VERDICT}\b)")
BREAKS = re.compile(rf"\b{_BUT}\b")
#: Adds a thing to another, or offers it on a condition.
ADDS = re.compile(
    r"\b(?:also|too|another|second|adds?|alternatively?|if|when|both|as well|other hand"
    r"|tambien|aussi|auch|anche|tambem|ook|tez|si|wenn|se|jesli)\b"
)
#: Said of a thing, leaves no room for others.
SUFFICES = re.compile(
    r"\W*(?:\w+ ){0,2}?(?:(?:is|s|would be|will be|might be|seems)"
    r" (?:(?:exactly |just )?what you (?:need|want|re after|re looking for|asked)"
    r"|the one\b|all you need|enough|plenty|(?:a|the|my) (?:\w+ )?(?:better|best|right)"
    r" (?:one|match|fit|choice|option|pick)\b(?! for(?! you\b)))|does the job"
    r"|\w+ (?:\w+ ){0,3}just as (?:well|good)\b"
    r"|will do\b|gets my vote|wins)"
)
#: Before a thing: what the user did with it, or what the writer first thought of it.
YOURS = re.compile(
    r"\b(?:you(?: \w+){0,2} (?:asked|mentioned|looked|said|wanted|liked|tried|rented|played|own"
    r"|owned|inquired|enquired|requested|named|considered|considering|had|seen|heard|narrowed)"
    r"|i (?:was|had|first) (?:\w+ ){0,3}(?:say|suggest|recommend|thought|considered|looked)"
    r"|why (?:pay|spend|rent|get|bother|take|carry|choose))\b(?: \w+){0,4}\W*$"
)
#: What the user had said of the wish, which the thing does not meet.
WISH = re.compile(
    r"(?:[;,]|\b(?:but|and)) you (?:only )?(?:need|want)\b|"
    r"\byou (?:told|said|asked|mentioned|wanted|have\W+\d|have [$\u20ac\u00a3]|only have"
    r"|d like to (?:pay|spend|stay)"
    r"|want to (?:pay|spend|stay))"
)
#: A reserve, if nothing better follows.
WEAK = re.compile(
    r"\b(?:outgrow|toy|pricey|expensive|costly|steep|heavy|limited|basic|lacks?|cramped|noisy"
    r"|better suited|twice (?:as much|the price)|only (?:has |comes with )?\d+ (?!a\b|per\b|dollars"
    r"|euros|bucks)[a-z]|would (?:cost|punish|be too|be a bit|be more))\b"
)
STOP = re.compile(r"[.!?;](?=\s)|\n")
LIST_MARK = re.compile(r"[ \t]*(?:[-*#|\u2022]|\d{1,2}[.)])")
#: A list, or a line that a name begins, is no contrast to the line above.
NEXT_LINE = re.compile(r"\n\W*$|\n[ \t]*(?:[-*#|\u2022]|\d{1,2}[.)])|:\s*\n|\n[^\n]*\n[^\n]*\n")
