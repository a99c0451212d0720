"""The words for days, weeks and months in five languages. Folded spelling."""

from __future__ import annotations

MONTHS = {
    1: "january|januar|janner|enero|janvier|gennaio|jan",
    2: "february|februar|febrero|fevrier|febbraio|feb|fev",
    3: "march|marz|marzo|mars|mar",
    4: "april|abril|avril|aprile|apr",
    5: "may|mai|mayo|maggio",
    6: "june|juni|junio|juin|giugno|jun",
    7: "july|juli|julio|juillet|luglio|jul",
    8: "august|agosto|aout|aug",
    9: "september|septiembre|setiembre|septembre|settembre|sept|sep",
    10: "october|oktober|octubre|octobre|ottobre|oct|okt",
    11: "november|noviembre|novembre|nov",
    12: "december|dezember|diciembre|decembre|dicembre|dec|dez|dic",
}
#: Monday is 0, as in :mod:`datetime`.
WEEKDAYS = {
    0: "mondays?|montag|lunes|lundi|lunedi|mon",
    1: "tuesdays?|dienstag|martes|mardi|martedi|tues|tue",
    2: "wednesdays?|mittwoch|miercoles|mercredi|mercoledi|weds|wed",
    3: "thursdays?|donnerstag|jueves|jeudi|giovedi|thurs|thur|thu",
    4: "fridays?|freitag|viernes|vendredi|venerdi|fri",
    5: "saturdays?|samstag|sonnabend|sabado|samedi|sabato|sat",
    6: "sundays?|sonntag|domingo|dimanche|domenica|sun",
}
#: Abbreviations and names that are also other words: only beside a number or a preposition.
DOUBTFUL = frozenset("jan mar mars may mai jun sat sun mon wed march dec sep fri thu tue".split())
NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "a couple of": 2, "couple of": 2,
    "a couple": 2, "a few": 3, "few": 3, "several": 3, "ein": 1, "eine": 1, "einen": 1, "zwei": 2,
    "drei": 3, "vier": 4, "funf": 5, "sechs": 6, "sieben": 7, "zehn": 10, "un": 1, "una": 1,
    "une": 1, "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6, "siete": 7, "diez": 10,
    "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6, "sept": 7, "dix": 10,
    "due": 2, "tre": 3, "quattro": 4, "cinque": 5, "sette": 7, "dieci": 10,
}  # fmt: skip
UNITS = {
    "day": "days?|tage?n?|dias?|jours?|giorn[oi]",
    "night": "nights?|nachte?|noches?|nuits?|nott[ei]",
    "week": "weeks?|wochen?|semanas?|semaines?|settiman[ae]",
    "fortnight": "fortnights?|quincena",
    "month": "months?|monate?n?|mes|meses|mois|mes[ei]",
    "year": "years?|jahre?n?|anos?|annees?|ann[oi]",
}


def any_of(words: dict[int, str] | dict[str, str]) -> str:
    """Return a pattern for any of the words, the longest first."""
    spellings = {word for alternatives in words.values() for word in alternatives.split("|")}
    return "|".join(sorted(spellings, key=len, reverse=True))


def number_of(words: dict[int, str], word: str) -> int:
    """Return the month or weekday that a word names."""
    import re

    return next(number for number, names in words.items() if re.fullmatch(names, word))
