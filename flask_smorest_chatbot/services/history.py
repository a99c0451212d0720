"""How much of a conversation the model is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .prompts import as_data, estimate_tokens, without_template_marks

#: Messages read from the database for one prompt at most; 4,096 tokens never hold as many.
MOST_MESSAGES = 200
#: Trimming leaves this share of the room: cutting one message a turn would change the front of
#: every prompt, and the model server would evaluate all of it anew.
LOW_WATER = 1 / 3


def model_text(message: Any) -> str:
    """Return a stored message as the model was sent it or wrote it, so that its cache still fits.

    Only marks of chat templates that a model may have written are not sent back to it as such.
    """
    if message.model_content is None:  # written by hand, or by older code
        return as_data(message.content)
    if message.message_type == "user":
        return str(message.model_content)
    return without_template_marks(message.model_content)


def fit_exchanges(exchanges: Sequence[Any], room: int) -> list[Any]:
    """Drop the oldest exchanges, in one block, when the history outgrows its room.

    :param exchanges: alternating user's and assistant's messages, oldest first
    :param room: tokens left for the history
    :return: all of them, or the latest that take at most a third of ``room``
    """
    kept = list(exchanges)
    if _tokens(kept) <= room:
        return kept
    while kept and _tokens(kept) > room * LOW_WATER:
        del kept[:2]
    return kept


def _tokens(messages: Sequence[Any]) -> int:
    return sum(estimate_tokens(model_text(message)) for message in messages)
