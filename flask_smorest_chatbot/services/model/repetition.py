"""Notice a model that says the same thing over and over, as small ones do."""

from __future__ import annotations

#: So much of the end of an answer decides.
WINDOW = 2400
#: Longest text whose repetition is noticed, in characters.
_LONGEST = 300
#: How often it must have come, and how many characters that must be: rulers and lists may repeat.
_TIMES = 8
_SHORTEST = 400
_SAMPLE = 32


def goes_round(text: str) -> bool:
    """Tell whether a text ends in the same few words again and again.

    :param text: the last :data:`WINDOW` characters of an answer, or all of it
    """
    earlier = text.rfind(text[-_SAMPLE:], 0, -1)
    period = len(text) - _SAMPLE - earlier
    span = max(_SHORTEST, _TIMES * period)
    if earlier < 0 or period > _LONGEST or len(text) < span:
        return False
    end = text[-span:]
    return end[period:] == end[:-period]
