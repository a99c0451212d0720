"""Words that name no item, and those after which an item is asked for. Folded spelling."""

from __future__ import annotations

import re

STOP = frozenset(
    "a about above actually after again ago all alright also always am an and another any anybody"
    " anyone anything "
    "anyway are around as ask asked asking at available back be because been before being below"
    " best better between "
    "big borrow but by bye can cannot carry cheap cheaper cheapest check come compare cool cost"
    " could day days dear did different do does doing don done down "
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
    " don't i'd i'm i'll i've it's that's isn't doesn't didn't can't won't".split()
)
# What may be asked for that is no item of a catalogue cash.
NO_ITEM = frozenset(
    "account advice address age app answer amount appointment availability booking budget call"
    " case catalog catalogue category chance chat choice city class condition contact contract"
    " conversation credit customer date dates deal "
    "delivery deposit detail details difference discount discounts email example extension fee"
    " fees finger gig hand help hint home hour hours idea ideas info information "
    "instrument instruments insurance invoice item items job joke kidding law lesson lessons level"
    " list listing listings location man manager minimum minute minutes model "
    "money moment number option options order owner owners payment payments people person phone"
    " photo picture pictures plan plans policy pickup problem problems question questions "
    "quality reason reasons receipt recommendation refund reservation return returns review"
    " reviews rule rules sense service shipping shop site size someone song songs staff store"
    " story style support system "
    "talk teacher teachers term terms test thought tip tips topic town trouble type types use"
    " video wait warranty weather website word words work world year years rentals beginner player"
    " anyone band school show concert wedding party event studio home".split()
)
ASKED = re.compile(
    r"\b(?:do you (?:guys |also |still )?(?:have|rent(?: out)?|carry|offer|stock|lend|sell)"
    r"|you got|have you got|got(?: any| an?)|have any|any|rent(?: me)?|looking (?:for|to rent)"
    r"|look for|search(?:ing)? for|searching"
    r"|hunting for|in need of|need|needs|wants?|would like|'d like|is there|are there|find me|find"
    r"|show me|give me|recommend(?: me)?|suggest(?: me)?|get me|hire(?: me)?|borrow|what about"
    r"|how about|^got|you have|interested in|try(?: out)?"
    r"|suche|brauche|mochte|haben sie|necesito|busco|quiero|tienen|tienes|hay|cherche|voudrais"
    r"|avez-vous|^an?|^and an?|and an?)"
    r"(?: (?:any|an?|some|the|to|rent|hire|borrow|get|me|for|out|of|one of your|good|nice|decent"
    r"|cheap|proper|great|really|new|used|small|big|little|kind of|sort of|try|play|buy|have|see"
    r"|my own|eine?n?|una?|une|des|also|left)){0,5} "
)
PIECE = re.compile(r"[^\W_]+(?:[-'&.][^\W_]+)*")
MODEL = re.compile(r"(?<![\w])([a-z]{1,5})[ -]?(\d{1,5}[a-z]{0,4})(?!\w)")
MODEL_WORD = re.compile(r"(?=.*\d)(?=.*[a-z])[a-z\d]+(?:[-'][a-z\d]+)*")
