"""The words in which users speak of lengths, ends and the past. Folded spelling."""

from __future__ import annotations

import re

from .calendar_words import NUMBERS, UNITS, any_of

COUNT = "|".join(sorted(map(re.escape, NUMBERS), key=len, reverse=True))
HALF = r"half an?|an? half|half|ein halbes|medio|media|une? demie?"
HOURS = "hours?|stunden?|horas?|heures?"
DURATION = re.compile(
    rf"(?P<for>\b(?:for|during|only|just|about|fur|por|pour|pendant|durante|per)(?: about| around"
    rf"| only| just| at least| up to| another| the next){{0,2}} )?"
    rf"(?<![\w.$€£/-])(?P<n>\d{{1,3}}|{HALF}|{COUNT})(?:(?:-| - | to | or"
    rf"| bis )(?P<n2>\d{{1,3}}|two|three))?"
    rf"[ -](?:whole |full |entire |more |calendar )?(?P<unit>{any_of(UNITS)}|{HOURS})\b(?:'s?)?"
    r"(?! (?:old|ago|earlier|later|sooner|notice|in advance|of experience|experience|playing"
    r"|warranty|return|lessons?)\b|-old)"
    r"(?P<half> and a half)?"
)
OTHER_TIME = re.compile(
    r"\b(?:play\w*|been|learn\w*|practi[cs]\w*|stud(?:y|ying|ied)"
    r"|gigging)(?: [a-z']+){0,4}? (?P<length>(?:for |since )?(?:about |over |almost |nearly "
    r"|around )?"
    r"(?:\d{1,3}|an?|one|two|three|a few|several|a couple of|many) (?:years?|months?|weeks?"
    r"|days?)\b(?! from))"
    r"|\b(?:\d{1,3}|an?|one|two|three|a few|several)[ -](?:years?|months?|weeks?)(?:[ -]old\b"
    r"| of (?:experience|lessons?|practice|playing)| experience)"
    r"|\b(?:once|twice|times?|lessons?|hours?|every|each|every other) (?:an? |\d+ "
    r"|other )?(?:days?|weeks?|months?|years?)\b|\bwithin (?:a|an|\d+) (?:days?|weeks?)\b"
)
PAST = re.compile(
    r"\b(?P<what>yesterday|(?:the )?day before yesterday|gestern|ayer|(?:last|past"
    r"|letzte[nsr]?) (?:week|weekend|month|year|night|summer|winter|spring|fall|autumn|christmas"
    r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday"
    r"|january|february|march|april|may|june|july|august|september|october|november|december|woche"
    r"|wochenende|monat)(?! (?:of|in)\b)"
    r"|(?:\d{1,3}|an?|one|two|three|a few|a couple of|several) (?:days?|weeks?|months?|years?) ago"
    r"|(?:the )?(?:last|past) (?:\d{1,3}|two|three|few|couple of) (?:days|weeks|months"
    r"|years)(?! (?:of|in)\b)"
    r"|la semana pasada|la semaine derniere)\b"
)
BACK = (
    r"(?:return(?:ing|ed)?|back|bring(?:ing)?(?: (?:it|them))? back|giv(?:e|ing)(?: (?:it"
    r"|them))? back|drop(?:ping)?(?: (?:it|them))?[ -]?off|ending|ends?|leav(?:e|ing)"
    r"|fly(?:ing)? (?:out|home|back)|go(?:ing)? home|due(?: back)?"
    r"|hand(?:ing)?(?: (?:it|them))? back)"
)
END = re.compile(
    rf"(?:\b(?:to|until|till|til|through|thru|up to|bis|al|a|au|hasta|jusqu'(?:au?|en)"
    rf"|fino a(?:l|lla)?|{BACK}(?: (?:it|them|back))?)|-|/)"
    r"(?: (?:it|them|on|by|before|after|the|at|around|zum|el|le|den|and|including|back"
    r"|morning|of)){0,4} ?$"
)
UNTIL = re.compile(
    rf"(?:\b(?:until|till|til|before|through|thru|up to|bis|hasta|jusqu'(?:au?|en)"
    rf"|fino a(?:l|lla)?|{BACK}(?: (?:it|them|back))?))"
    r"(?: (?:it|them|on|by|before|after|the|at|around|zum|el|le|den|including)){0,4} ?$"
)
#: "Not before Friday", "I don't need it until Friday": Friday is the first day.
NOT_BEFORE = re.compile(
    r"(?:\b(?:not|no|cannot)|n't)(?: (?:need|want|get|have|take|use|be|start|come|arrive|pick|up|in"
    r"|it|them|one|there|here|able|to|free|available|any)){0,5} (?:before|until|till|til|earlier"
    r" than|sooner than)(?: (?:on|the)){0,2} $"
)
AND = re.compile(r"^,? ?(?:and|&|y|et|und) ?(?:the )?$")
BETWEEN = re.compile(r"\b(?:between|entre|zwischen) (?:the )?$")
THROUGH = re.compile(r"\b(?:to|through|thru|a|bis) $|- ?$")
SHIFT = re.compile(
    rf"\b(?P<n>\d{{1,3}}|{COUNT}) (?P<unit>{any_of(UNITS)}) (?P<way>later|earlier|sooner|longer"
    rf"|more)\b"
)
FOLLOWING = re.compile(
    r"\b(?:the )?(?:(?P<unit>week|weekend|month|day) (?:after(?: that| this| it)?|thereafter)"
    r"|following (?P<unit2>week|weekend|month|day))(?=\s?(?:$|[?!.,;]|instead\b|please\b|then\b"
    r"|in\b|near\b|around\b|for\b|under\b|too\b|as well\b))"
)
