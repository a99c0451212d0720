"""Fit a prompt into the model's window, so that no model server cuts it by itself. Pure.

What gives way first: the items that fit worst, then notes, then old exchanges. The profile only
goes for a message that fills the window alone, as without it the front of the prompt changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..catalog import CatalogItem
from ..config import ChatbotConfig
from ..errors import PromptTooLongError
from ..values import TurnPlan
from . import history, prompts
from .tokens import estimate_tokens

#: What choosing among the items takes behind an answer: the request, and ids as JSON.
_CHOICE_TOKENS = 160

#: Lays out the user's message of a turn from the items and the notes that it may hold, and from the
#: earlier ones that the model can still see.
Ask = Callable[[Sequence[CatalogItem], Sequence[str], Sequence[str]], str]


@dataclass(frozen=True)
class Fitted:
    """A prompt that fits.

    :param items: how many of the items it holds, from the first
    :param dropped: how many of the exchanges it leaves out, from the first
    """

    prompt: list[prompts.PromptMessage]
    items: int
    dropped: int


def room_for(config: ChatbotConfig, plan: TurnPlan) -> int:
    """Return the tokens that a turn's prompt may take, beside its answer."""
    room = config.num_ctx - config.num_predict
    return room - _CHOICE_TOKENS if plan.must_recommend else room


def takes(config: ChatbotConfig, persona: str, plan: TurnPlan) -> bool:
    """Tell whether a message fits into the window at all."""
    alone = prompts.user_text(plan.message, [], instructions=plan.instructions)
    rules = prompts.system_text(persona, None)
    return estimate_tokens(rules) + estimate_tokens(alone) <= room_for(config, plan)


def fit(
    room: int,
    systems: Sequence[str],
    exchanges: Sequence[history.Exchange],
    ask: Ask,
    items: Sequence[CatalogItem],
    notes: Sequence[str],
) -> Fitted:
    """Return the prompt that says most within ``room`` tokens.

    :param systems: system messages to choose from, the best first
    :param exchanges: what was said before, oldest first
    :raises PromptTooLongError: when the message does not even fit alone
    """
    for system in systems:
        for count, told in _fewer_and_fewer(len(items), notes):
            found = _beside_history(room, system, exchanges, partial(ask, items[:count], told))
            if found is not None:
                kept, asked = found
                before = [message for exchange in kept for message in _as_messages(exchange)]
                laid_out = prompts.prompt(system, before, asked)
                return Fitted(laid_out, count, len(exchanges) - len(kept))
    raise PromptTooLongError()


def system_texts(persona: str, profile: Mapping[str, Any]) -> list[str]:
    """Return the system message, and the one to fall back on."""
    return [prompts.system_text(persona, profile), prompts.system_text(persona, None)]


def _fewer_and_fewer(items: int, notes: Sequence[str]) -> Iterator[tuple[int, Sequence[str]]]:
    for count in range(items, -1, -1):
        yield count, notes
    yield 0, []


def _beside_history(
    room: int,
    system: str,
    exchanges: Sequence[history.Exchange],
    ask: Callable[[Sequence[str]], str],
) -> tuple[list[history.Exchange], str] | None:
    """Return the history that fits beside a message, and the message beside that history.

    A message is short as long as the model can still see what it refers to.

    :return: None when the message does not fit
    """
    kept, front = list(exchanges), estimate_tokens(system)
    while True:
        asked = ask([one.question for one in kept])
        left = room - estimate_tokens(asked)
        if front > left:
            return None
        fewer = history.fit(kept, front, left)
        if len(fewer) == len(kept):
            return kept, asked
        kept = fewer


def _as_messages(exchange: history.Exchange) -> list[tuple[str, str]]:
    return [("user", exchange.question), ("assistant", exchange.answer)]
