"""Words that name no item, and those after which an item is asked for. Folded spelling."""

from __future__ import annotations

import re

from ..plurals import singular

STOP = frozenset(
    "a about above actually after again ago all alright also always am an and another any anybody"
    " anyone anything "
    "anyway are around as ask asked asking at available back be because been before being below"
    " best better between bit "
    "big borrow both but by bye can cannot carry cheap cheaper cheapest check come compare cool"
    " cost could day days dear did different do does doing don done down "
    "each either else especially even ever every everything expensive fine find first for found"
    " free friend from gave get getting gift gig give go going gonna good got great "
    "had happy has have having he hello help her here hey hi him hire his how however i if im in"
    " instead into is it its just "
    "keep kid kids kind know last least less let like little long look looking lot lots love low"
    " make many may maybe me mean might mine "
    "month months more most much must my myself name near need needed needs never new next nice no"
    " none nor not nothing now of off offer offering oh ok okay old on "
    "once one ones only or other others our ours out over own per perfect perhaps place play"
    " played player playing please possible prefer "
    "pretty price prices probably quite rather re really recommend recommendation recommendations"
    " rent rental rentals rented renting right "
    "same say search searching second see sell several shall she should show since so some"
    " somebody someone something somewhere son son's daughter soon sorry still stock stuff such "
    "suggest suggestion suitable sure take tell than thank thanks that the their them then there"
    " these they thing things think this those though through time "
    "to today together tomorrow too try two under until up us use using usually very want wanted"
    " wanting wants was way we week weekend weeks well were what what's when where whether "
    "which while who whole why will wish with without wondering would yes yet you your yours "
    "ich ein eine einen der die das und fur mit von bis vom zum mochte brauche mieten suche ist"
    " haben sie bitte un una uno el la los las del al de para por con necesito quiero busco tiene"
    " tienen alquilar hay "
    "le les des du au je voudrais cherche louer avez vous pour avec quelque chose est il ll ve"
    " mein meine meinem meinen meiner meines dein deine deinem deinen deiner sein seine seinem"
    " seinen seiner ihre ihrem ihren ihrer unser unsere unserem unseren unserer euer eure kein"
    " keine keinem keinen keiner einem einer eines dich euch mich sich auch aber oder nicht"
    " noch wann kann kannst konnen mussen muss soll sollte wollen wurde wurden hatte hatten"
    " habe hast wird sind sehr mehr etwas alle alles diese dieser dieses diesem diesen jede"
    " jeder jedes welche welcher welches hier dort nach uber unter gern gerne danke hallo"
    " nuestro nuestra nuestros nuestras tuyo suyo este esta esto estos estas esos esas aquel"
    " quien cuando donde como cual pero sobre entre hasta desde menos tambien hola gracias"
    " favor puedo puede tengo tienes eres somos estoy otro otra otros otras algo alguna alguno"
    " todo toda todos todas notre votre leur leurs cette quand comment mais sans sous dans"
    " chez tres plus moins aussi bonjour merci peux peut sommes etes sont suis autre autres"
    " tout toute tous toutes nous elle elles j'ai besoin d'un d'une d'aide cancel extend"
    " complain book pay talk"
    " already except besides excluding step"
    " don't i'd i'm i'll i've it's that's isn't doesn't didn't can't won't".split()
)
#: What may be asked for that is no item of a catalogue.
_NO_ITEM = frozenset(
    "access accident account address advice age aide amount answer anyone apology app appointment "
    "assistance attention auskunft availability ayuda band bargain bathroom beer beginner blog "
    "bonus booking boyfriend brand break brochure budget bug call cancellation career case "
    "catalog catalogue catch category chance changes chat choice city clarification class coffee "
    "collaboration comfort comparison complaint concert condition confirmation conseil consejo "
    "consultation contact contract conversation coupon credit customer date deal delivery demo "
    "deposit detail difference dinner directions discount doctor doubt drink email emergency "
    "encouragement event everyone evidence example excuse experience explanation extension fact "
    "faq favor favour fee feedback finger food frage fun future gig girlfriend guarantee guidance "
    "guide hand happiness headache help hilfe hint holiday home hope hotel hour hug human humor "
    "idea income info informacion information insight inspiration instrument insurance internet "
    "interview introduction invitation invoice item job joke kidding kindness kiss law lesson "
    "level license life limit link list listing loan location login luck lunch man manager map "
    "marriage meeting membership menu minimum minute miracle mistake model moment money "
    "motivation music nap news newsletter number office opinion opportunity option order overview "
    "owner parking partir partner party password patience payment peace people permission person "
    "phone photo pickup picture plan player poem policy power privacy problem proof purpose "
    "quality question quote rat reason receipt recipe recommendation refund reminder "
    "renseignement rentals replacement report representative request reservation respect response "
    "rest restaurant restroom result return review room rule sale school secret sense service "
    "shipping shop show silence site size sleep solution someone song staff statement status stop "
    "storage store story strength studio style subscription success suggestions summary "
    "supervisor support surprise sympathy system talk taxi teacher technician term test thanks "
    "therapist thought ticket tip toilet topic tour town tracking training translation transport "
    "trouble truth tutorial type understanding update upgrade use vacancies vacation video visit "
    "variant version voucher wait warning warranty weather website wedding wifi wish word work "
    "world year".split()
)


def is_no_item(word: str) -> bool:
    """Tell whether a word, in singular or plural, is asked for and is no item of a catalogue."""
    return word in _NO_ITEM or singular(word) in _NO_ITEM


ASKED = re.compile(
    r"\b(?:do you (?:guys |also |still )?(?:have|rent(?: out)?|carry|offer|stock|lend|sell)"
    r"|you got|have you got|got(?: any| an?)|have any|any|rent(?: me)?"
    r"|looking (?:for|to (?:rent|hire|borrow|get|buy))"
    r"|look for|search(?:ing)? for|searching"
    r"|hunting for|in need of|need|needs|wants?|would like|'d like|is there|are there|find me|find"
    r"|show me|give me|recommend(?: me)?|suggest(?: me)?|get me|hire(?: me)?|borrow|what about"
    r"|how about|^got|you have|interested in|try(?: out)?"
    r"|suche|brauche|mochte|haben sie|necesito|busco|quiero|tienen|tienes|hay|cherche|voudrais"
    r"|avez-vous|^an?|^and an?|and an?)"
    r"(?: (?:any|an?|some|the"
    r"|to(?= (?:rent|hire|borrow|get|buy|try|play)\b)"
    r"|rent|hire|borrow|get|me|for|out|of|one of your|good|nice|decent"
    r"|cheap|proper|great|really|new|used|small|big|little|kind of|sort of|try|play|buy|have|see"
    r"|my own|eine?n?|una?|une|des|also|left)){0,5} "
)
# "Quiero cancelar" asks for no thing: a verb follows, and no article.
VERB_AFTER = re.compile(r"(?:quiero|necesito|mochte|voudrais) $")
VERB = re.compile(r"\w+(?:ar|er|ir|re|en)")
PIECE = re.compile(r"[^\W_]+(?:[-'&.][^\W_]+)*")
MODEL = re.compile(r"(?<![\w])([a-z]{1,5})[ -]?(\d{1,5}[a-z]{0,4})(?!\w)")
MODEL_WORD = re.compile(r"(?=.*\d)(?=.*[a-z])[a-z\d]+(?:[-'][a-z\d]+)*")
