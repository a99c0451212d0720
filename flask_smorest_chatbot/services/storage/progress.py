"""What the turns of a process have come to so far: stored together, with their claims renewed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from ...models import utc_now
from .lost_turns import CLAIM_LENGTH, UNSETTLED, LostTurns
from .open_turn import OpenTurn
from .tables import aware
from .worker import this_worker


class Progress(LostTurns):
    """Stores answers that are being written."""

    def save_progress(
        self, turns: Sequence[OpenTurn], texts: Mapping[int, str]
    ) -> dict[int, str | None]:
        """Store the answers so far and renew the claims.

        :param texts: by the answer's key; only what has changed
        :return: status of each answer by its key; None for one that is not there any more
        """
        by_key = {turn.answer_id: turn for turn in turns}
        news = [
            {
                "turn_answer": turn.answer_id,
                "turn_claim": turn.claim,
                "turn_question": turn.question_id,
                "turn_text": texts.get(turn.answer_id),
            }
            for turn in turns
        ]
        with self.transaction():
            renewed = self._renew(news)
            others = {key: turn for key, turn in by_key.items() if key not in renewed}
            found = renewed | (self._statuses(others) if others else {})
            return {key: found.get(key) for key in by_key}

    def _renew(self, news: list[dict[str, Any]]) -> dict[int, str]:
        """Store what is new of some turns, by one statement if the database can.

        :return: status of each answer that is being written, by its key; nothing if the database
            does not say
        """
        connection, messages = self._connection(), self.messages.__table__.c
        values = {"claim_ends": utc_now() + CLAIM_LENGTH}
        if connection.dialect.update_returning:
            told = self._renewal_of_many.returning(messages.id, messages.status)
            return dict(connection.execute(told, {**values, "news": news}).all())
        connection.execute(self._renewal_of_one, [{**values, **new} for new in news])
        return {}

    @cached_property
    def _renewal_of_one(self) -> sa.Update:
        names = ("turn_answer", "turn_claim", "turn_question", "turn_text")
        return self._renewal(*(sa.bindparam(name) for name in names))

    @cached_property
    def _renewal_of_many(self) -> sa.Update:
        on_sqlite = self._connection().dialect.name == "sqlite"
        elements = sa.func.json_each if on_sqlite else sa.func.json_array_elements
        rows = elements(sa.bindparam("news", type_=sa.JSON))
        new: Any = rows.table_valued(sa.column("value", sa.JSON), name="news").c.value
        key = self.messages.__table__.c.id.type
        return self._renewal(
            sa.cast(new["turn_answer"].as_string(), key),
            new["turn_claim"].as_string(),
            sa.cast(new["turn_question"].as_string(), key),
            new["turn_text"].as_string(),
        )

    def _renewal(self, key: Any, claim: Any, question: Any, text: Any) -> sa.Update:
        messages = self.messages.__table__
        columns = messages.c
        return (
            sa.update(messages)
            # The number alone will not do: SQLite gives that of a deleted last row to the next one.
            .where(
                columns.id == key,
                columns.claimed_by == claim,
                # Not `in_`, which SQLAlchemy cannot send for several turns at once.
                sa.or_(*(columns.status == word for word in UNSETTLED)),
            )
            .values(
                content=sa.func.coalesce(text, columns.content),
                status=sa.case((text.is_(None), columns.status), else_="streaming"),
                reply_to_id=question,
                claimed_until=sa.bindparam("claim_ends", type_=columns.claimed_until.type),
            )
        )

    def claimed_here(self) -> set[int]:
        """Return the answers that this process has claims for: who ends one takes its claim."""
        messages = self.messages
        ours = sa.select(messages.id).where(
            messages.claimed_session_id.is_not(None),
            messages.claimed_by.startswith(f"{this_worker()} ", autoescape=True),
        )
        with self.transaction():
            return set(self.db.session.scalars(ours))

    def _statuses(self, turns: Mapping[int, OpenTurn]) -> dict[int, str]:
        messages = self.messages
        rows = self.db.session.execute(
            sa.select(messages.id, messages.user_id, messages.created_at, messages.status).where(
                messages.id.in_(list(turns))
            )
        )
        return {
            key: status
            for key, user_id, created_at, status in rows
            if (user_id, aware(created_at)) == (turns[key].user_id, turns[key].created_at)
        }
