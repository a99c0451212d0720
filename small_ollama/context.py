"""Fitting a conversation into the context, as Ollama does."""

from collections.abc import Callable

from small_ollama.engine import Engine, EngineError, Messages

# What every message costs beside its text (role and markers), at least.
MESSAGE_TOKENS = 4
# Text cut out of a longer one can take a few tokens more than it took there.
CUT_SLACK_TOKENS = 8
TOO_LONG = "the input length exceeds the context length"


def fit_messages(engine: Engine, messages: Messages, num_ctx: int) -> tuple[Messages, int]:
    """Drop the oldest messages that are not system ones until the prompt fits.

    The last message always stays. If it is too long even alone, its beginning goes too, so far
    that a quarter of the context is left for the answer. Ollama shifts the context then.

    :param num_ctx: tokens of context for prompt and answer together.
    :return: the messages, and the tokens of the prompt that they make (below ``num_ctx``).
    :raises EngineError: 400, not even the system messages fit.
    """
    messages = _without_oldest(messages, max(0, len(messages) - num_ctx // MESSAGE_TOKENS))
    tokens = engine.count_tokens(messages)
    if tokens < num_ctx:
        return messages, tokens
    messages = _drop_oldest(messages, lambda kept: engine.count_tokens(kept) < num_ctx)
    tokens = engine.count_tokens(messages)
    if tokens < num_ctx:
        return messages, tokens
    return _cut_last(engine, messages, num_ctx)


def _droppable(messages: Messages) -> list[int]:
    return [i for i, message in enumerate(messages[:-1]) if message["role"] != "system"]


def _without_oldest(messages: Messages, count: int) -> Messages:
    dropped = set(_droppable(messages)[:count])
    return [message for i, message in enumerate(messages) if i not in dropped]


def _drop_oldest(messages: Messages, fits: Callable[[Messages], bool]) -> Messages:
    """:return: the messages without as few of the oldest as will do, or without all of them."""
    low, high = 1, len(_droppable(messages))
    while low < high:
        middle = (low + high) // 2
        if fits(_without_oldest(messages, middle)):
            high = middle
        else:
            low = middle + 1
    return _without_oldest(messages, high)


def _cut_last(engine: Engine, messages: Messages, num_ctx: int) -> tuple[Messages, int]:
    *others, last = messages
    rest = engine.count_tokens([*others, {**last, "content": ""}])
    room = num_ctx - num_ctx // 4 - rest - CUT_SLACK_TOKENS
    if room <= 0 or last["role"] == "system":
        raise EngineError(400, TOO_LONG)
    messages = [*others, {**last, "content": engine.keep_end(last["content"], room)}]
    tokens = engine.count_tokens(messages)
    if tokens >= num_ctx:
        raise EngineError(400, TOO_LONG)
    return messages, tokens
