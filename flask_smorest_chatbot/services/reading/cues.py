"""Words by which a text speaks for or against a thing, in ten languages. Data only.

All are folded: lower-case, without accents. "Don't" is the two words "don t".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum


class Cue(Enum):
    """What a phrase does."""

    NOT = "turns what is said into its opposite"
    ONLY = "takes a NOT just before it back: not only"
    REJECT = "rejects what follows, as do words that turn a NOT into praise: skip, regret"
    LESSER = "what follows is the lesser of two: than, instead of"
    REGRET = "says no to what its clause is about: unfortunately"
    BREAK = "begins another clause: but"
    IF = "begins a clause that says nothing of what was named before it: if"
    IT = "goes on about what was named last: it, which"
    WORTH = "speaks for a thing and, with a NOT, against it: available"
    MAY = "makes of what was done to a thing what can be done with it: can be booked"
    BAD = "speaks against a thing: sold out"
    TOO = "speaks against a thing together with the next word: too"
    OVER = "speaks against a thing if a LIMIT follows: out of"
    LIMIT = "what the user has set: budget"


#: Phrases of one meaning, by ``|`` or line ends apart.
Phrases = Mapping[Cue, str]

_ANYWHERE: Phrases = {
    Cue.NOT: """
        not|never|cannot|no|none|neither|nor|dont|cant|wont|isnt|doesnt|don t|doesn t|didn t|isn t
        aren t|wasn t|weren t|won t|wouldn t|can t|couldn t|shouldn t|haven t|hasn t|ain t|nothing
        nunca|ni|pas|jamais|aucun|aucune|nicht|nie|kein|keine|keinen|keinem|non|mai|nessun|nessuna
        nao|nenhum|nenhuma|niet|geen|zaden|zadna
        unable|impossible|refuse|nada|nichts|niente|rien|niets|nic|n est plus|needn t
        mustn t|shan t|mightn t
        """,
    Cue.ONLY: """
        only|just|merely|solo|solamente|seulement|nur|soltanto|apenas|somente|alleen|tylko|bad|sure
        mal|wrong|to mention|reason not|doubt|worries|brainer|wonder|problem|duda|doute|duvida
        dubbio|zweifel|twijfel
        ne vaut|ne bat|geht uber|como|mejor que|meglio di
        nothing says|nothing beats|nothing like|nothing better than|hard to beat|tough to beat
        can t beat|without a doubt|without doubt|without question|without hesitation|sin duda
        sans doute
        sans hesiter|sem duvida|senza dubbio|ohne zweifel|zonder twijfel
        """,
    Cue.BREAK: """
        don t let|but|however|so|yet|though|although|because|since|while|whereas|otherwise
        and|then|as|who
        sin embargo|pero|sino|mejor|aunque|porque|mientras|mais|car|parce|alors|plutot|tandis|aber
        sondern|lieber|weil|denn|dafur|wahrend|und|ma|perche|quindi|meglio|mentre|mas|porem|melhor
        enquanto|maar|dus|omdat|liever|terwijl|ale|bo|wiec|lepiej|natomiast
        """,
    Cue.IF: "if|unless|until|when|before|in case|wenn|falls|bevor|lorsque|avant|jesli|indien|mocht",
    Cue.REGRET: """
        unfortunately|sadly|regrettably|alas|lamentablemente|desafortunadamente|malheureusement
        leider|bedauerlicherweise|purtroppo|infelizmente|helaas|jammer genoeg|niestety
        """,
}

#: What a writer does with a thing not to recommend it; each verb in all its forms.
_LEAVES_OUT = (
    "skip|avoid|reject|exclude|omit|leave out|leave aside|leave off|rule out|filter out|weed out"
    "|sort out|screen out|pass over|pass on|cross off|ditch|discard|dismiss|ignore|eliminate"
    "|remove|decline|disregard|bypass"
).split("|")
#: What says that it was done to the thing.
DONE = "is are was were be been being gets got".split()


def _past(verb: str) -> str:
    first, *particle = verb.split()
    regular = _stem(first) + "ed"
    return " ".join(["left" if first == "leave" else regular, *particle])


def _forms(verb: str) -> list[str]:
    """Return "rule out", "rules out", "ruling out" and "ruled out"."""
    first, *particle = verb.split()
    third = first + ("es" if first.endswith(("s", "ch")) else "s")
    forms = (" ".join([form, *particle]) for form in (first, third, _stem(first) + "ing"))
    return [*forms, _past(verb)]


def _stem(verb: str) -> str:
    """Return what "-ed" and "-ing" are put to: "skipp", "exclud"."""
    if re.search(r"[^aeiou][aeiou][pt]$", verb):
        return verb + verb[-1]
    return verb.removesuffix("e")


_LEFT_OUT = [
    *(
        f"{before} {_past(verb)}"
        for verb in _LEAVES_OUT
        for before in [
            *DONE,
            *(f"{which} {who}" for which in ("which", "that") for who in ("i", "we")),
        ]
    ),
    *(
        " ".join([form.split()[0], it, *form.split()[1:]])
        for verb in _LEAVES_OUT
        for form in _forms(verb)
        for it in ("it", "them")
    ),
]

_BEFORE: Phrases = {
    **_ANYWHERE,
    Cue.REJECT: "|".join(form for verb in _LEAVES_OUT for form in _forms(verb))
    + """
        forget|forgo|steer clear|stay away|without|leave without|leave home without|go without
        do without
        regret|hesitate|go wrong|be wrong|disappointed|worry|wait|miss|overlook|hate|sin|sans|ohne
        senza|sem|zonder|bez|evita|evite|evitar|evitez|oubliez|olvida|olvide|descarta|descarte
        vermeiden|vergessen|evitate|vermijd|unikaj|omin|arrepentir|arrepentiras|arrepentira|dudes
        dude|hesitez|hesite|regretter|regretterez|zogern|bereuen|pentirai|pentira|esitare
        arrepender|hesitar|aarzel|zaluj|wahaj
        not included|hold off|drop|i dropped|ve dropped
        steer you away|steer you clear|stay clear|keep away
        i d leave|i would leave|i ll leave|refrain|advise against
        recommend against|warn against|think twice|beware|say no to
        lose interest in|loses interest in|tire of|tires of|give up on|struggle with|outgrow
        lack|hesitant|deconseille|desaconsejo|sconsiglio|desaconselho|odradzam|abraten
        rate von|raten von|afraden
        descartado|excluido|dejado fuera|deje fuera|ecarte|exclu|laisse de cote|escluso|scartato
        lasciato fuori|descartei|deixei de fora
        """,
    Cue.LESSER: """
        than|over|out of|instead of|in place of|rather than|unlike|in contrast to|compared to
        compared with|except|except for|beats|beat|outperforms|outshines|outclasses|surpasses|tops
        superior to|preferable to|en lugar de|en lugar del|en vez de|en vez del|a diferencia de
        a diferencia del|plutot que|au lieu de|au lieu du|contrairement a|contrairement au|statt
        anstatt|anstelle|im gegensatz zu|im gegensatz zum|im gegensatz zur|anders als|invece di
        invece del|invece della|invece dello|piuttosto che|al posto di|al posto del|al posto della
        em vez de|em vez do|em vez da|ao inves de|ao inves do|ao inves da|no lugar de|no lugar do
        no lugar da|in plaats van|zamiast|niz|supera a|supera al|surpasse|schlagt|ubertrifft|batte
        verslaat
        against|ahead of|trumps|edges out|defeats|wins over|outdoes|in lieu of|as opposed to
        sooner than|leave|save|everything that|as good as|similar to
        always upgrade to|move up to|come back for|graduate to|grow into|all but|everything but
        anything but|apart from|other than
        """,
}

_AFTER: Phrases = {
    **_ANYWHERE,
    Cue.WORTH: """
        available|availability|recommend|recommended|suitable|suit|suits|ideal|good|great|best|fit
        fits|fitting|right|within|in your budget|in budget|in your price|in your range|in stock
        for you|what you|match|work|enough|free|offered|listed|possible|worth|advisable|handle
        replace|appropriate|rentable|an option|choose|one of ours|in our|part of|afford|meet|meets
        disponible|disponibles|libre|adecuado|adecuada|recomendable|recomiendo|apto|apta|adapte
        adaptee|convient|recommande|recommandee|conseille|verfugbar|frei|geeignet|passend|nehmen
        empfehlen|empfehle|mieten|wahlen|passt|disponibile|libero|libera|adatto|adatta|indicato
        indicata|consiglio|disponivel|livre|adequado|adequada|indicado|indicada|recomendo
        beschikbaar|vrij|geschikt|aan te raden|dostepny|dostepna|dostepne|wolny|wolna|wolne
        odpowiedni|odpowiednia|polecam|nadaje
        necessary|for rent|on offer|made for|meant for|designed for|intended for|built for
        be back|sufficient|basta|bastano|alcanza|suffit|reicht|genugt|volstaat|wystarczy
        back|ready|among|practical|is te huur|on this list|on the list|on my list|on your list
        will do|genoeg|genug|assez|abbastanza|suficiente|i d pass it|i d pass the|i d pass this
        i ll pass it|i ll pass the
        included here|included in my|included in the list|included in this|included on
        included among|make the list|make the cut|make it|made the list|made the cut|made it
        """,
    Cue.MAY: "can be|could be|may be|might be|to be|can still be",
    Cue.BAD: "|".join(_LEFT_OUT)
    + """
        won t do|not do|into trouble|i d pass|i ll pass|i would pass|hold off
        acima do que|mehr als du|mehr als sie|por encima de lo que|au dessus de ce que|piu di quanto
        meer dan je
        missed the cut|misses the cut|missing from|dropped from|fell off|falls off
        drops out|dropped out
        weggelassen|ausgelassen|ausgeschlossen|aussortiert|scheidet aus|scheiden aus|fallt weg
        fallt raus|fallt aus|queda fuera|quedan fuera|queda descartado|queda descartada
        queda excluido|queda excluida|est ecarte|est ecartee|est exclu|est exclue|e escluso
        e esclusa|resta fuori|rimane fuori|fica de fora|ficou de fora|weggelaten|uitgesloten
        taken|booked|unavailable|unsuitable|overkill|overpriced|reserved|sold out|rented out
        already rented|rented until|currently rented|being rented|out on loan|out of stock
        out of reach|out of the question|out of your league|no longer|more than you|gone until
        more than your|unaffordable|agotado|agotada|alquilado|alquilada|reservado|reservada
        ocupado|ocupada|indisponible|deja loue|deja louee|deja reserve|deja reservee|deja prise
        deja pris|est loue|est louee|vergriffen|ausgeliehen|verliehen|vermietet|vergeben
        ausgebucht|belegt|noleggiato|noleggiata|occupato|occupata|prenotato|prenotata|gia in uso
        alugado|alugada|indisponivel|esgotado|esgotada|verhuurd|bezet|uitgeleend|gereserveerd
        uitverkocht|zajety|zajeta|zajete|wypozyczony|wypozyczona|wynajety|wynajeta|niedostepny
        niedostepna|niedostepne|zarezerwowany|zarezerwowana|muy caro|muy cara|muito caro|muito cara
        zu teuer|zu gross|zu laut|zu schwer|zu klein|te duur|te groot|te zwaar|te luid|te klein
        za drogi|za droga|za drogie|za duzy|za duza|za duze|caro demais|cara demais|grande demais
        out until|out till|rented it|booked it|reserved it|hired out|on hire|on loan|lent out
        checked out|spoken for|in use|in repair|under repair|being repaired|being serviced
        out of service|out of commission|off the table|poor choice|bad choice|wrong choice
        poor fit|bad fit|bad idea|ill suited|unsuited|inappropriate|impractical|discontinued
        ubertrieben|exagere|exagerado|esagerato|overdreven|costa troppo|cuesta demasiado|coute trop
        custa demais|kostet zu viel|waste of money|hold you back|bit of a toy|more of a toy
        maintenance|off the market|is gone|are gone|is out|are out
        so not for|so not on|but not for|but not on|but not until|but not before|beyond it|above it
        outside it|beyond that|above that|twice as much|twice the price
        struggle|struggles|falls short|fall short|isn t either|is not either|aren t either
        won t either|doesn t either
        fully booked|snapped up|already out|already gone|ausverkauft|reserviert|ungeeignet
        epuise|epuisee|esaurito|esaurita|affittato|affittata|zu viel|zu kompliziert|zu lang
        erst ab|erst wieder|erst am|not free until|free again on|free again from
        available again on|available again from|only from|only available from|only free from
        been rented|just rented|goes back on|goes back to|due back|only good for|only suited
        only suitable
        only makes sense|geht nur|taugt nur|eignet sich nur
        va de precio|zu schade|went out|lose interest|less good|less suitable|less suited
        va bene solo|serve solo|solo sirve|sirve solo|ne convient qu|reservees au|reservee au
        reserve au|reserves au|reservees aux|reserve aux
        """,
    Cue.TOO: """
        too|demasiado|demasiada|trop|troppo|zbyt|viel zu|etwas zu|leider zu|ist zu|sind zu|ware zu
        war zu|is te|veel te|iets te|jest za|troche za
        """,
    Cue.OVER: """
        over|above|beyond|exceeds|exceed|exceeding|outside|outside of|out of|more than|fuera de
        fuera del|supera|excede|sobrepasa|por encima de|depasse|hors|hors de|au dela de|uber
        au dessus de|ubersteigt|uberschreitet|sprengt|ausserhalb|fuori|oltre|fora|acima do
        ultrapassa|boven|buiten|overschrijdt|przekracza|poza|ponad|powyzej
        twice|double|triple|stretches|breaks|busts|blows|overshoots|surpasses|higher than
        se sale de|se pasa de
        """,
    Cue.LIMIT: "budget|limit|means|range|presupuesto|orcamento|budzet|budzetem|maximum|preisrahmen",
    Cue.IT: """
        it|its|they|this|that|which|is|are|was|es|esta|este|el|ella|elle|il|c|ce|qui|est|ist|sie
        er|das|dieser|diese|e|esso|essa|questo|questa|ele|ela|esse|isso|het|hij|deze|dat|die|jest
        on|ona|ono|que|che
        """,
}

#: By a phrase's first word: how it goes on and what it does, the longest first.
Table = Mapping[str, list[tuple[tuple[str, ...], Cue]]]


def _table(phrases: Phrases) -> Table:
    table: dict[str, list[tuple[tuple[str, ...], Cue]]] = {}
    for cue, listed in phrases.items():
        for phrase in re.split(r"[|\n]+\s*", listed.strip()):
            first, *rest = phrase.split()
            table.setdefault(first, []).append((tuple(rest), cue))
    for known in table.values():
        known.sort(key=lambda phrase: -len(phrase[0]))
    return table


#: What counts before a name, and what behind it.
BEFORE = _table(_BEFORE)
AFTER = _table(_AFTER)

ARTICLES = frozenset(
    "the a an our this that your el la los las un una le les l die der das den dem ein eine einen"
    " il lo i gli o os um uma de het een ten ta to za".split()
)
#: A comparative, and the words that mean "than" behind one but much else, too.
COMPARATIVE = re.compile(
    r"(?:plutot|lieber|eher|liever|piuttosto|mas|plus|piu|mais|[a-z]{3,}er|mieux|meglio|mejor"
    r"|melhor|mieux|lepsz[ya])$"
)
THAN = frozenset("als dan que di del della dello che od niz".split())
#: Of the words that begin another clause, those that take something back.
CONCEDING = frozenset("but however though although pero mais aber ma mas porem maar ale".split())
#: With these a sentence goes on about what the one before it named.
LATER_SUBJECTS = frozenset("it its this that es sie er das elle il ella".split())
#: These reject what follows at once, and no more.
WITHOUT = frozenset("without sin sans ohne senza sem zonder bez".split())
#: Behind what is rejected, these make a name the means: "skip the queue with the A".
MEANS = frozenset("with by using".split())
#: Of a thing, says the opposite of what was said of the one before: "the B isn't".
ONLY_DENIED = re.compile(
    r"(?:(?:is|are|was|does|do|did|will|would|can|could|has|have) not|cannot|not|nicht|niet|no|non"
    r"|(?:isn|aren|wasn|doesn|don|didn|won|wouldn|can|couldn|hasn|haven) t|pas|nie|ne l est pas"
    r"|no lo (?:esta|es)|non lo e|nao|ist es nicht|is (?:dat|het) niet)"
    r"(?: (?:though|unfortunately|leider|helaas))?"
)
#: Before a NOT, these make it an offer: "why not".
WHY = frozenset("why warum que pourquoi perche waarom dlaczego".split())
#: Words between which and a verb a "to" tells no purpose: "you do not need to take".
LEADS_TO = frozenset(
    "need have want like going able try wish plan you possible advisable recommended not".split()
)
#: Before a name, these make it a thing that the user has.
THEIRS = re.compile(
    r"\b(?:(?:with|on|for|into|from|than|to|like|beside|replacing|replace|mit|zu|fur|con|para|avec"
    r"|pour) (?:your|ihre[rmn]?|deine[rmn]?|tu|su|votre|vos|ta|ton|la tua|il tuo)"
    r"|your (?:own|old|current|existing)"
    r"|you (?:already|still) (?:own|have|play|use|rent) (?:an?|the|your)|you own (?:an?|the)) $"
)
#: What remains without a name: "apart from the A, nothing is free".
REST = frozenset(
    "all every everything none nothing no alle alles nichts keine todas todos nada ninguna ninguno"
    " toutes tous rien aucune aucun tutte tutti niente nessuna nessuno".split()
)
#: Verbs of one thing alone.
SINGULAR = frozenset(
    "is isn would wouldn won ware wird reicht passt serait sarebbe seria has costs ist"
    " hat kostet est coute es tiene cuesta e costa".split()
)
#: "I left the A out": a verb, and what of it stands behind the name.
SETS = frozenset(
    "leave leaving left set setting put putting rule ruling ruled cross crossed".split()
)
ASIDE = frozenset("out aside off".split())
#: Answers to a name with a question mark.
NO = frozenset("no nope nee nein non nao nie gone".split())
#: The same without spaces between words.
UNSPACED_BEFORE = re.compile(
    "\u4e0d\u63a8\u8350|\u4e0d\u9700\u8981|\u4e0d\u5fc5|\u65e0\u9700|\u4e0d\u5efa\u8bae|\u4e0d\u8981|\u800c\u4e0d\u662f"
    "|\u907f\u514d|\u522b|\u6bd4$|\u9664\u4e86"
)
UNSPACED_AFTER = re.compile(
    "\u4e0d(?:\u592a|\u591f|\u662f\u5f88)?(?:\u9002\u5408|\u5408\u9002)|\u8d85\u51fa|\u8d85\u8fc7|\u4e0d\u53ef\u7528|\u5df2\u88ab|\u79df\u51fa|\u4e0d\u9002\u5408"
    "|\u592a[\u8d35\u5927\u91cd\u5435]|\u4e0d\u63a8\u8350|\u6ca1\u6709(?:\u8d27|\u5e93\u5b58)"
    "|\u8d85\u3048|\u3042\u308a\u307e\u305b\u3093|\u3067\u304d\u307e\u305b\u3093|\u3057\u307e\u305b\u3093|\u8cb8\u51fa\u4e2d|\u4e88\u7d04\u6e08"
    "|\u3059\u304e|\u5411\u3044\u3066\u3044\u307e\u305b\u3093|\u5411\u304d\u307e\u305b\u3093|\u3088\u308a"
)
MARKS_AGAINST = re.compile("[\u274c\u2717\u2718\u2715\u2716\U0001f6ab\U0001f44e]")
