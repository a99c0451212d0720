"""What the user takes back ("any price"), and what is said only for courtesy."""

from __future__ import annotations

import re

from .text import Scan

_FORGET = (
    r"(?:forget|ignore|drop|skip|never ?mind|remove|scrap|lose|leave out)(?: about)? (?:the |my "
    r"|any |those |that )?"
)
_NO_MATTER = (
    r"(?:(?:do|does)(?:n't| not)(?: really)? matter|(?:is|are)(?:n't| not)(?: an?)? (?:issue"
    r"|important|problem|concern|object)|(?:is |are )?(?:no|not an?) (?:object|issue|problem"
    r"|concern)|(?:is |are )?(?:totally |completely |very )?(?:flexible|open|irrelevant"
    r"|unimportant)|whatever)"
)


def _taken_back(things: str, more: str) -> re.Pattern[str]:
    return re.compile(
        rf"\b(?:{_FORGET}(?:{things})\w*|(?<!there )(?:at |for |on |in )?any (?:{things})s?"
        rf"(?: is (?:fine|ok|okay|good))?(?! (?:but|except|other than|apart from|lists?|tags?"
        rf"|drops?|cuts?|match\w*|info\w*|guide|changes?|differences?|under|below|over|above"
        rf"|to (?:sign|join))\b)|(?:the |my )?(?:{things})s? {_NO_MATTER}"
        rf"|(?:regardless|irrespective) of (?:the )?(?:{things})s?|no matter (?:the|what"
        rf"|which) (?:{things})s?|whatever (?:the )?(?:{things})s?|(?:don't"
        rf"|do not) care about (?:the )?(?:{things})s?"
        rf"|{more})\b"
    )


_DROPS = {
    "budget": _taken_back(
        "budget|price|cost|money|price limit|budget limit",
        r"(?:don't have|do not have|have no) (?:an? |any )?(?:fixed |set |real |specific )budget"
        r"|(?:do not|don't) (?:care|mind) (?:what|how much) (?:it|they|that) costs?"
        r"|no (?:budget|price)(?: limit| cap| constraint)?|no limit(?: on (?:price|budget|money))?"
        r"|whatever it costs|no matter (?:how much|what it costs)|how much it costs does(?:n't"
        r"| not) matter|(?:i can|i'll|i will|can) pay (?:anything|whatever)|without (?:a |the "
        r"|any )?(?:budget|price limit)|sky'?s the limit|(?:der )?preis (?:ist )?egal"
        r"|(?:el )?precio (?:me )?da igual"
        r"|no me importa el precio|(?:le )?prix (?:n'a pas d'importance|m'est egal)"
        r"|peu importe le prix|il prezzo non importa",
    ),
    "period": _taken_back(
        "date|day|time|when|weekend|timing",
        r"anytime|any time|whenever|no (?:fixed |specific |particular )?dates?(?: yet)?"
        r"|at some point|some time or other|flexible (?:on|with|about) (?:the )?(?:dates?|time)"
        r"|not sure when",
    ),
    "place": _taken_back(
        "place|location|city|cities|town|where|area",
        r"anywhere(?: else)?(?! (?:but|except|other than|apart from)\b)|wherever|everywhere"
        r"|all (?:cities|locations|places)|other (?:cities"
        r"|locations|places|towns)|(?:in )?(?:another|a different|some other) (?:city|place"
        r"|location|town)",
    ),
    "brands": _taken_back(
        "brand|make|maker|manufacturer",
        r"(?:any |some |all )?other brands?(?! than)|(?:another|a different) (?:brand|make|maker)",
    ),
    "level": _taken_back("level|skill level|experience level", r"all levels"),
    "genres": _taken_back("genre|style|genres|music", r"all (?:genres|styles)"),
    "kind": _taken_back("instrument|kind|type|category", r"any (?:kind|type|sort) of instruments?"),
    "everything": re.compile(
        r"\b(?:start(?:ing)? (?:over|again|afresh|from the beginning)|forget (?:everything|it all"
        r"|all (?:of )?that)|reset|new search|clear (?:everything|all))\b"
    ),
}
_AND_TOO = re.compile(
    r"(?<=\x00)(?: limit| range)? (?:and|or) (?:about )?(?:the |my |any )?(?:(?P<budget>budget"
    r"|price|cost)|(?P<period>dates?|time)"
    r"|(?P<place>place|location|city)|(?P<brands>brand|make)|(?P<level>level)|(?P<genres>genre"
    r"|style))\b"
)
_COURTESY = re.compile(
    r"\b(?:have a (?:very )?(?:good|nice|great|lovely|wonderful) (?:day|week|weekend|evening|night"
    r"|one|time)|see you(?: \w+){0,2}|talk to you(?: \w+){0,2}|good (?:morning|evening|night|day"
    r"|afternoon)|guten (?:tag|morgen|abend)|nice to meet you"
    r"|happy (?:new year|thanksgiving|easter|halloween|holidays)|merry (?:christmas|xmas)"
    r"|(?:give me|just|wait) a (?:second|sec|minute|moment)|on second thoughts?|at first"
    r"|first of all|(?:that'?s|that is) (?:all|it) for (?:today|now|tonight)"
    r"|for the first time ever|for now|thanks a million)\b"
)


def take_drops(scan: Scan) -> set[str]:
    """Return what the user no longer asks for, and take it from the message."""
    taken = {name for name, pattern in _DROPS.items() if scan.take(pattern)}
    if taken:  # "forget the budget and the dates"
        for match in scan.take(_AND_TOO):
            taken.add(str(match.lastgroup))
    return taken


def take_courtesies(scan: Scan) -> None:
    """Take what is only said for courtesy: "have a nice weekend" names no dates."""
    scan.take(_COURTESY)
