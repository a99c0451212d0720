"""The words by which a text decides, and passes from one thing to another. Folded."""

from __future__ import annotations

import re

#: A sentence with one of these decides for what it names. Folded.
DECIDES = re.compile(
    r"\b(?:i|we)(?: personally| still)? (?:lean|recommend|suggest|pick|choose|go (?:with|for)|take"
    r"|prefer|favou?r|opt|vote|advise|say)\b"
    r"|\bi (?:d|would|ll) (?!(?:not|never|like|love|be|need|also)\b)\w+"
    r"|\bmy (?:pick|choice|vote|recommendation|advice|favou?rite|money)\b"
    r"|\b(?:go|stick) (?:with|for)\b|\byou (?:d|would|ll|will) be (?:better|happier|best)\b"
    r"|\b(?:wins|decides (?:it|that)|settles (?:it|that)|gets my vote|edges ahead"
    r"|comes out (?:ahead|on top)|makes more sense|suits you (?:better|best)"
    r"|only (?:the|our|a) (?:[\w-]+ ){1,6}?(?:qualifies|fits|remains|is (?:left|free|available)"
    r"|will do|works|meets|stays|suits)"
    r"|is the (?:one|better|best|right|safer) (?:to (?:get|take)|one|choice|fit|option|pick))\b"
    r"|\b(?:ich (?:wurde|empfehle|rate|nahme)|meine (?:wahl|empfehlung)|gewinnt"
    r"|recomiendo|recomendaria|me quedaria|yo (?:elegiria|optaria)|gana"
    r"|je (?:(?:vous |te )?(?:conseille|recommande)|prendrais|choisirais)|mon choix|l emporte"
    r"|consiglio|sceglierei|prenderei|vince|recomendo|eu escolheria"
    r"|(?:mejor|meglio|melhor|besser|lieber|beter) (?:el|la|il|lo|o|a|der|die|das|den|de))\b"
    r"|\u6211(?:\u63a8\u8350|\u5efa\u8bae|\u4f1a\u9009)"
)
#: Names a thing by its place: "number 1", "option B", "the second one".
REFERS = re.compile(
    r"\b(?:(?:option|number|choice) (?P<label>[1-5]|[a-e]|one|two|three)\b"
    r"|the (?P<place>first|second|third|former|latter)(?: one| option)?"
    r"(?=\W*$|[,;:]| (?:is|as|because|since|for|wins)\b))"
)
#: Tells the user to take one of the things that were named together.
TAKES = re.compile(
    r"(?:^\W*|, )(?:so|therefore|daher|deshalb|donc|quindi|asi que)\b"
    r"|^\W*for your? [^,]{1,40}, (?:the |our )?[\w -]{2,40}\W*$"
    r"|^\W*(?:then |also |dann |entonces |alors )?(?:take|choose|pick|get|rent"
    r"|nimm|nehmen|toma|coge|elige|prenez|prends|prendi|scegli)\b"
)
CONDITION = re.compile(
    r"\b(?:if|when|unless|while|either|beyond|both|as well|also|or"
    r"|for(?= (?!you\b|your\b|that reason\b))"
    r"|wenn|falls|fur(?! (?:dich|sie|dein\w*|ihr\w*)\b)|si|para(?! (?:ti|tu|usted)\b)"
    r"|pour(?! (?:vous|toi|votre|ton|ta)\b)|se|per(?! (?:te|lei|tua|tuo)\b))\b"
)
#: Grants a thing, and goes on to another: "you could take the A, but the B".
GRANTS = re.compile(
    r"\b(?:you|one) (?:could|might|can)\b[^,;]{0,200},? but\b|\b(?:konnten|konntest) (?:sie"
    r"|du)\b[^;]{0,200},? aber\b"
    r"|\b(?:podrias?|pourriez|pourrais|potresti|potrebbe)\b[^;]{0,200},? (?:pero|mais|ma)\b"
)
#: Supposes what is not so, and with it whatever the sentence names.
SUPPOSED = re.compile(
    r"\bif (?!i were you)(?:you|i|it|we|they|money|price|budget|space|noise|cost) (?:\w+ )?"
    r"(?:were|was|had|did|didn t|weren t|wasn t|hadn t|played already)\b"
)
#: Behind these a sentence goes on to something else.
NEXT_CLAUSE = re.compile(
    r",? (?:but|yet|so|aber|pero|mais|ma|maar) |, (?:mas|and|und|y|et|e) |, (?=(?:I|we|ich|je"
    r"|yo)\b)"
)
#: Words of a decision, or of what the user needs.
_VERDICT = (
    rf"(?:{DECIDES.pattern}|(?:the )?better (?:choice|option|fit|pick|match|value|off)"
    r"|(?<!if )you (?:need|want)\b|on second thoughts?|sugiero|necesita\w*|vous faut|brauch\w+"
    r"|le serve|ti serve|precisa)"
)
_SO = (
    r"(?:so(?! (?:would|did|does|do|is|are|will|can|has|was|were)\b)|therefore|thus|hence"
    r"|that s why|for that reason|asi que|por eso|donc|deshalb|daher|darum"
    r"|quindi|percio|portanto|por isso|dus|daarom|wiec|dlatego)"
)
_BUT = (
    r"(?:but|however|though|still|yet|while|although|pero|aunque|mais|bien que|aber|doch|obwohl"
    r"|ma|anche se|(?<=, )mas|embora|maar|hoewel|ale)"
)
#: Leads from what is said of one thing to another: "so", or "but I'd".
LEADS_ON = re.compile(rf"\b(?:{_SO}\b|{_BUT}\b(?:\W+\w+){{0,6}}?\W+{_VERDICT})")
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
