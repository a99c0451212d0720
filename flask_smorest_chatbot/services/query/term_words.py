"""The words that turn a name down, or show that it is none. Folded spelling."""

from __future__ import annotations

import re

BEFORE = (
    r"(?: (?:a|an|be|the|me|us|any|another|these|those|your|one|of|for|from|in|by|really|to|rent"
    r"|renting"
    r"|more|just|use|using|get|getting|see|un|une|una|ein|eine|el|la|le|von|de|di|da|del|brand"
    r"|something|anything"
    r"|kind|stuff|made|made by"
    r"|called|like|another|big|huge|much|that|all|yet another)){0,5} ?$"
)
UNWANTED = re.compile(
    r"(?:\b(?:(?<!why )not|no|weder|ni|ne|without|autres? que|otr[oa]s? que no|altr[oi] che"
    r"|andere als"
    r"|distint[oa]s? (?:de|a)|except(?: for)?|excluding|excludes?|exclude|besides"
    r"|apart from"
    r"|aside from|other (?:\w{1,12} )?than|different (?:from|than)|nothing(?: (?:from|by|like"
    r"|made by))?"
    r"|rather not(?: have| take| go for| use)?|not go(?:ing)? for|any(?:thing|one|where)? but"
    r"|anything over|never again|nie wieder|nunca mas|plus jamais"
    r"|any \w{1,12} but|everything but|all but|(?<!not )(?<!n't )forget(?: about)?"
    r"|rather than|plutot que|lieber als|antes que"
    r"|piuttosto che|instead of|neither"
    r"|nor|avoid(?:ing)?|hates?|hated|dislikes?|skip|minus|leave out|but no|but not|ohne"
    r"|keine[nrm]?|kein|nicht|sin|sans"
    r"|pas de|pas|nada de|menos|meno|sauf|hormis|excepte|excepto|salvo|au(?:ss|\u00df)er"
    r"|bloss nicht|tranne"
    r"|eccetto|senza|niente|non|que no (?:sean?|fueran?)|no me gustan?|odio|deteste"
    r"|no quier[oe]|no queremos|non voglio|bad experiences? with|problems with|trouble with"
    r"|no offen[cs]e to|(?:done|through|finished) with|had enough of|tired of|sick of|fed up with"
    r"|bored (?:of|with)|allergic to"
    r"|not interested in"
    r"|no interest in|not into|not keen on|not (?:a )?(?:big )?fan of|can't stand|cannot stand"
    r"|can't bear|not (?:like|want|need|care for|enjoy|love|fancy|trust)|detest|loathe)"
    r"|n't(?: really| actually)? (?:like|want|need|care for|care about|enjoy|love|fancy|trust|show"
    r"|give|recommend|suggest|offer|list|be a|a fan of|into|interested in|keen on)"
    r"|n't(?: a| an)?|anti|non-)" + BEFORE
)
# "Isn't the FG800 nice?" turns nothing down.
ASKS = re.compile(
    r"(?<!that )(?<!which )(?<!it )\b(?:is|are|was|does|do|would|could|can|has|have)n't"
    r" (?:the|an?|that|this) $"
)
# "I'd rather have a Nord than a Yamaha", "any strat but a Squier": across the name before.
LESS_LIKED = re.compile(
    r"\b(?:(?:rather|prefer) [^.;!?]{1,40} (?:than|over|to)|(?:any|every|all) [^,.;!?]{1,30} but"
    r"|lieber [^.;!?]{1,40} als|(?:prefiero|prefere|preferisco) [^.;!?]{1,40} (?:a|que|che)"
    r"|plutot [^.;!?]{1,40} que) (?:an? |the |eine?n? |una? |une )?$"
)
UNWANTED_AFTER = re.compile(
    r"^(?: guitars?| one| ones)?(?: (?:is|are) (?:not (?:for me|my thing|an option|what)|out\b"
    r"|no good)"
    r"|(?:'s| is|s are|s aren't| are|s) ?n?o?'?t (?:for me|my thing|an option)|[,:]? no thanks"
    r"|,? (?:no|non|nein|nicht|nao)(?=,? (?:gracias|thanks|merci|danke|grazie)\b|[.,!?]|$)"
    r"|,? (?:mag|will|mochte) ich nicht|,? (?:bitte|lieber) nicht\b(?! vo[nm]\b)|,? no me gustan?\b"
    r"|\? (?:no|non|nein)\b| excluded\b| aside\b)"
)
#: Behind the last of several: it holds for all of them.
ALL_UNWANTED_AFTER = re.compile(
    r" (?:guitars? )?(?:are(?:n't| not| out\b)|don't\b|do not\b)|[,:] no thanks"
)
#: What somebody has already, or does something to, is not asked for; what they leave neither.
OWNED_BEFORE = re.compile(
    r"\b(?:(?:my|our) (?!first |own |next |new |very )(?:\w+ )?"
    r"|(?<!can )(?<!could )(?<!may )(?<!might )(?<!do )(?<!should )(?:i|we)(?:'ve)?"
    r" (?:(?:already|only|just|currently|usually|now|have|used to) ){0,2}"
    r"(?:have|got|had|own|owned|play|sold) (?:an? |the |some |two )?"
    r"|(?<!who )(?<!that )(?<!which )(?:plays|owns|uses) (?:an? |the )?"
    r"|\b(?:played|playing|studied|learned|learnt) (?:an? |the )?"
    r"|(?:record|sampl|mic|mik|amplify)(?:e|ing)?(?: up)? (?:an? |the |some )?)$"
)
RATHER = re.compile(
    r"\b(?:but|although|though|however)\b[^.;!?]{0,30}?\b(?:rather|prefer|instead|lieber|prefiero"
    r"|prefere|preferisco|aime mieux)\b"
)
NOT_AFTER = re.compile(
    r"^ (?:experience|skills?|knowledge|lessons?|training|background|teacher|problem|matter)"
)
LIST = re.compile(
    r"^(?: guitars?| instruments?| stuff)?,?(?: ?(?:or|nor|and|&|/|y|o|et|ou|und|oder|noch|ni"
    r"|ne)) ?(?:a |an "
    r"|the |any |no )?$"
)
COMMA = re.compile(r"^, ?(?:a |an |the |any )?$")
PLACE_BEFORE = re.compile(
    r"\b(?:in|near|around|from|at|to|of|by|within|outside|close to|downtown|en|a|nach|bei|aus|a"
    r"|cerca de|pres de) (?:the )?$"
)
#: Before a person's name, be it a city's too.
NAME_BEFORE = re.compile(r"\b(?:name(?:'s| is)|call me|called|named) $")
#: Before "acoustic" alone.
ANY_BEFORE = re.compile(r"\b(?:any|an|a good|a cheap|a nice|some) ")
ARTICLE_BEFORE = re.compile(r"\b(?:the|a|an) $")
OURS_BEFORE = re.compile(r"\b(?:my|your|his|her|our|their) $|\b(?:the|a|an) $")
OF_MUSIC = re.compile(
    r" (?:band|music|song|singer|tune|ensemble|group|trio|gig|concert"
    r"|album|record|festival|style|standard|project|player|jam)"
)
OTHER_SENSE = {
    "country": re.compile(r"\b(?:my|the|this|your|our|another|whole|home|a|foreign|cross) $"),
    "pop": re.compile(r"\b(?:my|to|will|i'll|and|can|i) $"),
    "swing": re.compile(r"\b(?:to|i'll|will|can|could|i|the) $"),
    "rock": re.compile(r"\b(?:you|you guys|the|a|solid|i) $"),
    "metal": re.compile(r"\b(?:of|all|full|with) $"),
    "soul": re.compile(r"\b(?:my|a|the|poor) $"),
    "latin": re.compile(r"\b(?:speak|learn) $"),
}
ADJECTIVES = ("electronic", "elektronisch", "electrique", "acoustic", "electric")
