"""The original's prompt: one flat text, with the latest messages in a sliding window."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

#: Rows of the catalogue that it held, the first by id.
FIRST_ROWS = 15
#: Messages of the conversation that it held.
LAST_MESSAGES = 20


def flat_prompt(
    persona: str,
    profile: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    messages: Sequence[tuple[str, str]],
    question: str,
) -> str:
    """Return the prompt of a turn, which was sent as the only message.

    :param messages: who said what before: ``User`` or ``Assistant``, and the text
    """
    listed = json.dumps(list(rows[:FIRST_ROWS]), indent=2, default=str)
    said = "\n".join(f"{who}: {text}" for who, text in messages[-LAST_MESSAGES:])
    return f"""{persona}

User profile:
{json.dumps(profile, indent=2, default=str)}

Available instruments:
{listed}

Conversation so far:
{said}

User: {question}

Answer the user. If you recommend instruments, end with a JSON block of their names and reasons.
Assistant:"""
