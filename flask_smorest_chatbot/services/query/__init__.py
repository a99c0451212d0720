"""From what a user says to a catalogue query: dates, money, names and follow-ups."""

from .earlier import Earlier
from .understanding import understand

__all__ = ["Earlier", "understand"]
