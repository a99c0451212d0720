"""What users use a day: turns and tokens, counted where all workers see it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from .tables import UserStore
from .upsert import upsert


class UsageRecords(UserStore):
    """The daily counts of one app's users."""

    def charge(self, user_id: Any, day: date, input_tokens: int, output_tokens: int) -> None:
        """Add one turn and its tokens to what a user has used on a day. Commits.

        Nothing is written for a user who is not there any more.
        """
        table = self.model.__table__
        added = {"turns": 1, "input_tokens": input_tokens, "output_tokens": output_tokens}
        counts = {name: sa.literal(number) for name, number in added.items()}
        with self.transaction():
            bind = self.db.session.get_bind(sa.inspect(self.model))
            statement = upsert(
                bind.dialect.name,
                table,
                self._user_key,
                user_id,
                {"day": sa.literal(day), **counts},
                unique=["day"],
                changes={name: table.c[name] + number for name, number in added.items()},
            )
            self.db.session.execute(statement, bind_arguments={"bind": bind})

    def tokens_used(self, user_id: Any, day: date) -> int:
        """Return how many tokens a user has used on a day, input and output."""
        model = self.model
        with self.transaction():
            used = self.db.session.scalar(
                sa.select(model.input_tokens + model.output_tokens).where(
                    model.user_id == user_id, model.day == day
                )
            )
            return used or 0

    def by_day(self, since: date) -> Sequence[Any]:
        """Return counts over all users for each day on which there was a turn, newest first.

        :param since: the first day
        :return: rows of ``day``, ``users``, ``turns``, ``input_tokens`` and ``output_tokens``
        """
        model = self.model
        sums = [
            sa.cast(sa.func.sum(column), sa.BigInteger).label(column.name)
            for column in (model.turns, model.input_tokens, model.output_tokens)
        ]
        with self.transaction():
            return self.db.session.execute(
                sa.select(model.day, sa.func.count().label("users"), *sums)
                .where(model.day >= since)
                .group_by(model.day)
                .order_by(model.day.desc())
            ).all()
