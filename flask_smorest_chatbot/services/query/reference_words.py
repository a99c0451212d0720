"""The words in which users speak of items shown before. Folded spelling."""

from __future__ import annotations

import re

from .money_words import CURRENCY

ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth".split()
COUNTS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "couple": 2}
NTH_WORD = "|".join(ORDINALS) + r"|last|\d{1,2}(?:st|nd|rd|th)"
#: The same in German, Spanish, French and Italian, in the same order.
ORDINALS_ABROAD = (
    r"erste[nrs]?|primer[oa]?|premiere?|prim[oa]",
    r"zweite[nrs]?|segund[oa]|deuxieme|second[oae]?|seconde",
    r"dritte[nrs]?|tercer[oa]?|troisieme|terz[oa]",
    r"vierte[nrs]?|cuart[oa]|quatrieme|quart[oa]",
    r"funfte[nrs]?|quint[oa]|cinquieme",
)
LAST_ABROAD = r"letzte[nrs]?|ultim[oa]|derniere?"
NTH_ABROAD = re.compile(
    r"\b(?:der|die|das|den|dem|el|la|le|il|lo|l'|the) ?"
    rf"(?P<nth>{'|'.join(ORDINALS_ABROAD)}|{LAST_ABROAD})\b"
    r"(?! (?:woche|wochenende|mal|tag|monat|halfte|semana|fin|vez|dia|mes|semaine|week|fois|jour"
    r"|mois|settimana|volta|giorno|mese)\w*)"
)
#: The articles and comparatives by which these languages tell the cheapest and the dearest.
BEST_PRICE_ABROAD = re.compile(
    r"\b(?:der|die|das|den|el|la|le|il) (?:(?P<low>billigste[nrs]?|gunstigste[nrs]?"
    r"|billigere[nrs]?|gunstigere[nrs]?|mas barat[oa]|mas economic[oa]|moins chere?"
    r"|piu economic[oa]"
    r"|meno car[oa])|(?P<high>teuerste[nrs]?|teurere[nrs]?|mas car[oa]|plus chere?|piu car[oa]))\b"
)
_THING = r"option|choice|item|listing|suggestion|recommendation|instrument|guitar|model|result"
NOUN = rf"(?:one|ones|1|{_THING})s?"
NTH = re.compile(
    rf"(?:\bthe |\b(?<=and )|\b(?<=or )|(?<=, )|^|\b(?<=about )|\b(?<=take )"
    rf"|\b(?<=compare ))(?P<nth>{NTH_WORD})"
    rf"(?: (?P<count>one|two|three|four|five|couple|[1-9])(?! ?(?:days?|weeks?|months?|nights?"
    rf"|hours?))\b)?(?: {NOUN})?\b"
    r"(?!-)(?! (?:time|week|weekend|day|days|month|night|minute|thing|place|class|lesson|step|gig"
    r"|half|hand|grade|of (?:all|the month)|year|concert|show|song|part|chair|string|fret|violin"
    r"|semester|trip|weeks|week of)s?\b)"
)
NTH_BARE = re.compile(
    rf"\b(?P<nth>{NTH_WORD}) (?:one|ones|option|choice|item|listing|suggestion|recommendation|1)\b"
)
NUMBER = re.compile(
    r"(?:\b(?:number|no\.|nr\.?|option|item|choice|listing|suggestion)s? ?#? ?|#)(?P<n>\d{1,2}|one"
    r"|two|three|four|five)"
    r"(?:,? (?:and|or|&) (?:number |option |#)?(?P<n2>\d{1,2}|one|two|three|four"
    r"|five))?\b(?! ?(?:days?|weeks?|months?|people|guitars))"
)
#: "The $25 one", "the one for 25 dollars".
AT_PRICE = re.compile(
    rf"\bthe (?:{CURRENCY})? ?(?P<n>\d{{1,5}}(?:\.\d\d)?)[ -]?(?:{CURRENCY})?"
    rf"(?: ?(?:a|per|/) ?day)? (?:one|1|{_THING})\b"
    rf"|\bthe (?:one|1|{_THING}) (?:for|at|that costs) (?:{CURRENCY})? ?(?P<n2>\d{{1,5}}"
    rf"(?:\.\d\d)?)(?: ?(?:{CURRENCY}))?(?: ?(?:a|per|/) ?day)?(?!\w| ?(?:days?|weeks?|months?))"
)
SOME_BEST_PRICE = re.compile(
    r"\bthe (?P<count>two|three|four|[2-4]) (?:(?P<low>cheape(?:r|st)|less expensive)"
    rf"|most expensive|more expensive|dearer|dearest|pricier|priciest)(?: {NOUN})?\b"
)
BEST_PRICE = re.compile(
    r"\bthe (?P<low>cheaper|cheapest|least expensive|less expensive|most affordable"
    r"|more affordable|lowest[- ]priced|lower[- ]priced|budget)"
    r"(?P<tail> (?:one|option|choice|of (?:them|these|those|the (?:two|three|lot|bunch"
    r"|\d))(?: all)?))?(?=\s?(?:$|[?!.,;\x00]|one\b|for\b|in\b|free\b|available\b|from\b|and\b"
    r"|or\b|then\b|is\b|please\b|on\b|next\b|between\b|out\b))"
    r"|\bthe (?P<high>most expensive|more expensive|expensive|priciest|pricier|dearest|dearer"
    r"|best[- ]priced|highest[- ]priced)"
    r"(?: (?:one|option|choice|of (?:them|these|those|the (?:two|three|lot|bunch"
    r"|\d))(?: all)?))?(?=\s?(?:$|[?!.,;\x00]|one\b|for\b|in\b|free\b|available\b|from\b|and\b"
    r"|or\b|then\b|is\b|please\b|on\b|next\b|between\b))"
)
#: Behind "it" or "they" these say what is to be found, not what was shown.
_WISHES = (
    r" (?:(?:should|must)(?:n't)?|(?:ha(?:s|ve)(?: got)?|needs?|ought) to"
    r"|can(?:no|')?t (?:be|cost))\b"
)
#: "Only those in Denver" are some of them.
_NO_CHOICE = r"(?! (?:in|from|by|under|near|that|which|with|without)\b)"
ALL = re.compile(
    r"\b(?:(?:all|each|any|none|either|one|some|which|which one|any one|every one|everyone"
    r"|neither) of (?:them|these|those|the (?:above|\d|two|three|four|five))"
    r"|all (?:the )?(?:two|three|four|five|[2-9])(?! (?:days|weeks|months|nights))|the (?:two"
    r"|three|four|five|[2-5])(?= (?:of|you)|[?!.]|$)|them(?: all)?|their"
    rf"|they(?!{_WISHES})"
    rf"|(?:(?<!only )(?<!just )(?<!me )(?:these|those)|(?:these|those){_NO_CHOICE})(?!{_WISHES})"
    r"(?! (?:dates?|days?|times?|prices?|weekends?|brands?|kinds?|categories"
    r"|cities|weeks?))"
    r"|which (?:one|1)|which(?= (?:is|are|has|would|do you|should i|sounds|comes))"
    r"|(?:is|are|was|would|does|do|will|can|could) either(?! (?:an?|the)\b)"
    r"|between the two|^(?:and |so |ok,? )?how much(?=\s?(?:[?\x00]|$|would (?:that|it) be)))(?!\w)"
)
NUMBERS = re.compile(
    r"\b(?:between|compare|with) (?:number |option |#)?(?P<n>[1-9])(?:,? (?:and|or|&|vs|to|with) )"
    r"(?:number |option |#)?(?P<n2>[1-9])(?=\s?(?:$|[?!.,]))"
)
REST = re.compile(r"\bthe other (?:one|two|three|four|ones|[1-5])\b")
#: "The tenor one", of which only one was shown.
SUCH_ONE = re.compile(r"\bthe (?P<word>[a-z]{3,}) (?:one|1)\b")
BOTH = re.compile(
    r"\bboth(?: of (?:them|these|those))?(?! (?:the|an?|my|your|our|days?|weekends?|weeks?|dates?"
    r"|times?|months?|hands?|sides?|[\w-]+(?: [\w-]+)? and)\b)"
)
NOT_IT = (
    r"(?! (?:possible|true|ok|okay|alright|worth|hard|easy|difficult|normal|works?|better to"
    r"|cheaper to|safe|legal|allowed|a problem|necessary|important|that|you|we|i|take to|raining"
    r"|like to|cost to rent (?:a|an)|usual|mean|matter|also possible|to be)\b)"
)
#: Behind these "it" is the rental, or stands for a whole sentence: "I need it a day earlier".
_NO_IT = "make need pick forget and but so if as because that when think hope got how".split()
_NO_IT_BEFORE = "".join(rf"(?<!\b{word} )" for word in _NO_IT)
ONE = re.compile(
    r"\b(?:(?:that|this) (?:one|1|guitar|instrument|item|model|listing|thing|bass|piano|keyboard"
    r"|amp|violin|drum kit|kit)"
    rf"|(?<=\w ){_NO_IT_BEFORE}it(?!'s\b| (?:is|was|will|would|could|sounds|seems|looks)\b)"
    rf"{NOT_IT}(?!{_WISHES})"
    r"|(?<=\w )(?<!like )(?<!than )(?<!after )(?<!before )(?<!for )(?:that|this)"
    r"(?= (?:available|free|still|good|ok|suitable|included|in stock|come|work|cost|be)\b|[?!.,]|$)"
    r"|how much(?: is|'s)? (?:it|that)|got it(?= (?:in|for|near|at|on)\b)"
    r"|^it(?:'s| is) (?:too|a bit|a little|very|so|not|nice|perfect|great|quite)\b"
    r"|^it(?=$|\?| please| then)|its)\b"
)
CHEAPER = re.compile(
    r"(?<!\bis )(?<!\bare )\b(?:(?:something|anything|ones?|any|a|some|got|the same but|but|for"
    r"|bit|much|little|way|even) ){0,4}(?:cheaper|less expensive|less pricey|more affordable"
    r"|lower[- ]priced|less costly|more budget[- ]friendly)(?: (?:one|ones|options?|alternatives?"
    r"|models?|1))?\b"
    r"|\b(?:(?:way |a bit |a little |much |far )?too|so|very|quite|really|bit|pretty) (?:expensive"
    r"|pricey|costly|dear|steep|much money|much for me|rich for me)\b|\bcan(?:no|')?t afford (?:it"
    r"|that|them|this|those)\b|\bcan not afford (?:it|that)\b"
    r"|\b(?:over|above|out of|beyond|more than) (?:my|our) (?:budget|price range)\b"
    r"|\b(?:spend|pay|cost) (?:a (?:bit|little) |much |way |somewhat )?less\b"
    r"|\btoo much\b(?= *(?:$|[,.!?]))|\bmore than i (?:can|want to|could) (?:pay|spend|afford)"
    r"|\b(?:costs?|costing|for) less than(?= (?:the|this|that|it|these|those)\b)"
    r"|\blower (?:the )?price|\bfor less\b|\bgunstiger\w*|\bbilliger\w*"
    r"|(?<!el )(?<!la )\bmas barat[oa]s?"
    r"|(?<!le )(?<!la )\bmoins chere?s?|(?<!il )(?<!la )\b(?:piu economic[oa]|meno car[oa])\b"
)
DEARER = re.compile(
    r"\b(?:(?:something|anything|any|a|some|one|even|bit|much|little|got|slightly) ){1,4}(?:better"
    r"|nicer|fancier|classier|higher[- ]end|high[- ]end|higher[- ]quality|more expensive|pricier"
    r"|more premium|premium|more professional|more upmarket)(?: (?:one|ones|options?|models?"
    r"|quality|1))?\b(?=\s?(?:$|[?!.,;\x00]|please|than|in|around|near|out)\b|\s?(?:$|[?!.,;\x00]))"
    r"|\b(?:more expensive|higher[- ]end|pricier|fancier) (?:ones?|options?|models?|stuff"
    r"|guitars?)\b|\bmore expensive\b(?=\s?[?!.]?$)|\b(?:an upgrade|a step up|top of the line"
    r"|step it up)\b|\bteurer\w*|\bbesseres\b"
)
OTHER = re.compile(
    r"\b(?:(?:something|anything|someone|what|nothing|who) (?:else|different)|else"
    r"|show (?:me )?more|see more|more (?:options|choices|results|suggestions|ideas"
    r"|like (?:this|that|these|those|it|them)|of (?:these|those|them)|please"
    r"|recommendations|guitars)"
    r"|(?:^|(?<=have )|(?<=got )|(?<=there )|(?<=you )|(?<=me )|(?<=see ))any more|(?:some"
    r"|a few|few|give me) more(?=\s?(?:$|[?!.]))"
    r"|^more(?! (?:info\w*|details?|about|on|expensive|than)\b)|(?:(?:any|some|the|what"
    r"|your|which) )?other(?! (?:than|hand|day|week|weekend|time|dates?|days?|cit|place|location"
    r"|words|side|half|colou?rs?|sizes?|people|musicians|kids|brands? than))"
    r"(?: (?:ones?|options?|choices?|models?|suggestions?|recommendations?|ideas?|things?|stuff"
    r"|brands?|possibilities))?|others|another(?! (?:day|week|weekend|time|date|city|place"
    r"|location|month|thing|question|town|country|colou?r|size|finish|\d|two|three))(?: (?:one"
    r"|option|choice|model"
    r"|suggestion|1|brand))?"
    r"|different (?:ones?|options?|models?|choices?|guitars?|brands?)|a different|alternatives?"
    r"|next (?:ones|page|few|results)|none of (?:these|those|them)|neither(?: of (?:these|those"
    r"|them))?|not (?:these|those|any of (?:these|those|them))|(?:et)?was anderes"
    r"|andere(?=\s?(?:$|[?!.]|bitte))|weitere|mehr davon"
    r"|otra cosa|otr[oa]s?(?: opcion(?:es)?)?(?! (?:vez|dia|semana|fecha|ciudad|marca))"
    r"|autre chose|d'autres|une? autre(?! (?:fois|jour|semaine|date|ville|marque))"
    r"|qualcos'altro|altr[ie](?=\s?(?:$|[?!.])))\b"
)
#: "Them" and "it" in these languages, where nothing else is named.
ALL_ABROAD = re.compile(
    r"\b(?:vergleiche?n?(?: sie| die)?(?: bitte)?(?! mit)|comparal[ao]s|compararl[ao]s"
    r"|compare[rz]?-les"
    r"|les comparer|confrontal[ie]|confrontarl[ie]|welche[rs]? (?:von (?:beiden|ihnen)"
    r"|ist (?:besser"
    r"|gunstiger|leichter))|cual (?:de (?:ellas|ellos)|es mejor)|(?:lequel|laquelle) (?:des deux"
    r"|est)|quale (?:dei due|delle due|e (?:meglio|migliore)))\b"
)
ONE_ABROAD = re.compile(
    r"\b(?:(?:ist|ware|kostet) (?:es|sie|er|das|die|der)(?=[ \x00]+(?:noch |auch )?(?:frei"
    r"|verfugbar"
    r"|nachste"
    r"|am|vom|im|pro|in)|[?!.]|$)|(?:frei|verfugbar|kostet) (?:es|sie|er)\b"
    r"|esta (?:libre|disponible|disponibile)|(?:est|serait)[- ](?:elle|il)[- ](?:libre|disponible)"
    r"|(?:elle|il) est (?:libre|disponible)|e (?:liber[oa]|disponibile)|ich nehme (?:es|sie|ihn"
    r"|die|das|den)"
    r"|me l[oa] (?:quedo|llevo)|je l[ae] prends|l[oa] prendo)\b"
)
# Said when nothing was shown; what may be said of other things than items is left out.
FIRST_TURN = re.compile(
    rf"(?:\bthe |^)(?:{NTH_WORD}) (?:one|ones|option|choice|item|listing|suggestion)\b"
    r"|\b(?:option|choice|number) (?:\d|one|two|three)\b(?=\s?[?!.]?$)"
    r"|\b(?:is|will|would) (?:it|this|that)(?: one)?(?= (?:still |be )?(?:free|available|in stock"
    r"|taken)\b)"
    r"|\b(?:book|reserve|rent|hire|borrow) (?:it|them|that one|this one|both)\b(?! (?:out|to)\b)"
    r"|\b(?:compare|difference between|both of|which of|all of|any of|either of|one of) (?:them"
    r"|these|those|the two|the three)(?=\s?(?:$|[?!.,;]))"
    r"|\b(?:something|anything|ones?|got any|any) (?:(?:a bit|a little|much|even) )?(?:cheaper"
    r"|less expensive|more affordable|nicer)(?=\s?(?:one|ones|please)?\s?(?:$|[?!.,;]))"
    r"|^(?:the )?(?:cheaper|other) ones?(?=\s?(?:$|[?!.,;]|please))"
    r"|^(?:cheaper|both)(?=\s?(?:$|[?!.,;]|please))"
)
