"""How much of a conversation the model is shown. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .prompts import as_data, without_template_marks
from .tokens import estimate_tokens

#: Messages read from the database for one prompt at most; 4,096 tokens never hold as many.
MOST_MESSAGES = 200
#: Trimming leaves this share of the room, with the system message: cutting one message a turn would
#: change the front of every prompt, and the model server would evaluate all of it anew.
LOW_WATER = 0.3
#: Beside a long system message the history keeps at least this share of what it has.
_LEAST_HISTORY = 1 / 6
#: What the marks around an answer may take when it is sent back, beyond what was counted of it.
_AROUND_ANSWER = 16
#: Shares of the estimate that a count may be. Others count something else: only what was not
#: cached, as old model servers do, or a history that has been cut since.
_CREDIBLE = (0.15, 1.25)


@dataclass(frozen=True)
class Exchange:
    """A question and its answer, as the model was sent the one and wrote the other.

    :param question_id: key of the user's message
    :param reported: tokens of all that went before, with this question and its answer, as the
        model server counted them; None where it did not
    """

    question_id: int
    question: str
    answer: str
    reported: int | None = None

    @property
    def estimated(self) -> int:
        """About how many tokens it takes."""
        return estimate_tokens(self.question) + estimate_tokens(self.answer)


def exchanges_of(messages: Sequence[Any], model: str) -> list[Exchange]:
    """Return what the model is to be told again.

    :param messages: questions and answers in turns, oldest first
    :param model: what is asked now; the counts of others are not believed
    """
    pairs = zip(messages[::2], messages[1::2], strict=True)
    return [
        Exchange(question.id, _sent(question, answer), _written(answer), _reported(answer, model))
        for question, answer in pairs
    ]


def fit(exchanges: Sequence[Exchange], front: int, room: int) -> list[Exchange]:
    """Drop the oldest exchanges, in one block, when the history outgrows its room.

    :param front: estimated tokens of the system message
    :param room: tokens left for the system message and the history
    :return: all of them, or the latest that leave most of the room to what is to come
    """
    kept = list(exchanges)
    share = _counted_share(kept, front)
    taken = share * (front + sum(exchange.estimated for exchange in kept))
    if taken <= room and 2 * len(kept) < MOST_MESSAGES:
        return kept
    fixed = share * front
    low_water = max(room * LOW_WATER, fixed + (room - fixed) * _LEAST_HISTORY)
    while kept and (taken > low_water or 2 * len(kept) > MOST_MESSAGES * LOW_WATER):
        taken -= share * kept.pop(0).estimated
    return kept


def _counted_share(exchanges: Sequence[Exchange], front: int) -> float:
    """Return which part of the estimate is really taken, by the latest credible count."""
    estimated = float(front)
    shares = [1.0]
    for exchange in exchanges:
        estimated += exchange.estimated
        if exchange.reported is not None:
            share = (exchange.reported + _AROUND_ANSWER) / estimated
            shares += [share] if _CREDIBLE[0] <= share <= _CREDIBLE[1] else []
    return shares[-1]


def _sent(question: Any, answer: Any) -> str:
    if answer.prompt is not None:
        return str(answer.prompt)
    # Written by hand, or by older code, which kept it with the question.
    return as_data(question.content) if question.model_content is None else question.model_content


def _written(answer: Any) -> str:
    """Only marks of chat templates that a model may have written are not sent back as such."""
    if answer.model_content is None:
        return as_data(answer.content)
    return without_template_marks(answer.model_content)


def _reported(answer: Any, model: str) -> int | None:
    counts = (answer.input_tokens, answer.output_tokens)
    return sum(counts) if None not in counts and answer.model == model else None
