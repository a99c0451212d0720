"""Chats by the thousand, stored without a turn, and how many there are."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from host import Host


def fill(host: Host, user: Any, sessions: int, messages: int, **values: Any) -> None:
    """Store sessions with so many messages in all, by plain inserts."""
    session, message = host.chatbot.ChatSession, host.chatbot.ChatMessage
    with host.app.app_context():
        for number in range(sessions):
            host.db.session.add(session(user_id=user, session_id=f"s{number}", **values))
        host.db.session.commit()
        keys = host.db.session.execute(
            sa.select(session.id, session.session_id).where(session.user_id == user)
        ).all()
        for start in range(0, messages, 10_000):
            host.db.session.execute(
                sa.insert(message),
                [
                    {
                        "user_id": user,
                        "session_id": keys[number % sessions].session_id,
                        "chat_session_id": keys[number % sessions].id,
                        "message_type": "user",
                        "content": f"message {number} " + "x" * 200,
                    }
                    for number in range(start, min(messages, start + 10_000))
                ],
            )
        host.db.session.commit()


def counts(host: Host, user: Any) -> tuple[int, int]:
    """Return how many sessions and messages of a user there are."""
    with host.app.app_context():
        return tuple(  # type: ignore[return-value]
            host.db.session.scalar(
                sa.select(sa.func.count()).select_from(model).where(model.user_id == user)
            )
            for model in (host.chatbot.ChatSession, host.chatbot.ChatMessage)
        )
