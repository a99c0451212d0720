"""What users use a day: turns and tokens, counted where all workers see it."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from .tables import UserStore

_MODULES = {"mysql": "mysql", "mariadb": "mysql"}


class UsageRecords(UserStore):
    """The daily counts of one app's users."""

    def charge(self, user_id: Any, day: date, input_tokens: int, output_tokens: int) -> None:
        """Add one turn and its tokens to what a user has used on a day. Commits.

        Nothing is written for a user who is not there any more.
        """
        added = {"turns": 1, "input_tokens": input_tokens, "output_tokens": output_tokens}
        with self.transaction():
            bind = self.db.session.get_bind(sa.inspect(self.model))
            self.db.session.execute(
                self._addition(bind.dialect.name, user_id, day, added),
                bind_arguments={"bind": bind},
            )

    def _addition(self, dialect: str, user_id: Any, day: date, added: Mapping[str, int]) -> Any:
        """Return the one statement that adds, so that no two workers overwrite each other."""
        table = self.model.__table__
        values = [self._user_key, sa.literal(day), *(sa.literal(n) for n in added.values())]
        row = sa.select(*values).where(self._user_key == user_id)
        names = ["user_id", "day", *added]
        sums = {name: table.c[name] + number for name, number in added.items()}
        # A dialect that is not in use costs a start 2 MB.
        dialects = importlib.import_module(f"sqlalchemy.dialects.{_MODULES.get(dialect, dialect)}")
        insert = dialects.insert(table)
        if dialect in _MODULES:
            return insert.from_select(names, row).on_duplicate_key_update(**sums)
        return insert.from_select(names, row).on_conflict_do_update(
            index_elements=["user_id", "day"], set_=sums
        )

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
