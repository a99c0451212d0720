"""What a user reads: the list of their sessions and the messages of one, page by page.

Pages go by key, not by number: the database reads the rows of a page and one more, however many
there are before them. Each takes one query; rows that were written by hand take a few, once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from ...errors import NotFoundError
from .pages import Page, Place
from .turn_records import TurnRecords


class Lists(TurnRecords):
    """Reads sessions and messages as users see them."""

    def list_sessions(
        self, user_id: Any, limit: int | None = None, before: Place | None = None
    ) -> Page:
        """Return the user's sessions, the most recently used first.

        :param limit: most sessions to return; None for all
        :param before: only those that come after this place
        """
        query = self._sessions_query(user_id, limit, before)
        found = self.db.session.execute(query).all()
        if found[0].has_unlinked:
            self._adopt_unlinked(user_id)
            found = self.db.session.execute(query).all()
        return _page([row[0] for row in found if row[0]], limit, found[0].total)

    def list_messages(
        self, user_id: Any, session_id: str, limit: int | None = None, before: int | None = None
    ) -> Page:
        """Return the session's messages, oldest first.

        :param limit: most messages to return, the latest ones; None for all
        :param before: only messages whose key is less
        :raises NotFoundError: when the user has no such session
        """
        query = self._messages_query(user_id, session_id, limit, before)
        found = self.db.session.execute(query).all()
        if found[0].has_unlinked:
            self._adopt_unlinked(user_id)
            found = self.db.session.execute(query).all()
        if found[0].key is None:
            raise NotFoundError("There is no such session.")
        if self._settle_if_lost(found[0][0]):
            found = self.db.session.execute(query).all()
        page = _page([row[0] for row in found if row[0]], limit)
        return Page(page.rows[::-1], page.has_more)

    def _sessions_query(self, user_id: Any, limit: int | None, before: Place | None) -> Any:
        sessions, counted = self.sessions, aliased(self.sessions)
        page = sa.select(sessions).where(sessions.user_id == user_id)
        if before is not None:
            # Not as (a, b) < (c, d), for which MariaDB would not use the index.
            earlier = sessions.last_message_at < before.moment
            page = page.where(
                sessions.last_message_at <= before.moment, sa.or_(earlier, sessions.id < before.key)
            )
        page = page.order_by(sessions.last_message_at.desc(), sessions.id.desc())
        shown = page.limit(limit and limit + 1).subquery("page")
        total = sa.select(sa.func.count()).select_from(counted).where(counted.user_id == user_id)
        query = self._with_unlinked(
            user_id, aliased(sessions, shown), total=total.scalar_subquery()
        )
        return query.order_by(shown.c.last_message_at.desc(), shown.c.id.desc())

    def _messages_query(
        self, user_id: Any, session_id: str, limit: int | None, before: int | None
    ) -> Any:
        sessions, messages = self.sessions, self.messages
        named = (sessions.user_id == user_id, sessions.session_id == session_id)
        key = sa.select(sessions.id).where(*named).scalar_subquery()
        # All three columns of an index: of two PostgreSQL expects so few rows, as most sessions
        # have, that it would rather sort the 20,000 of this one.
        page = sa.select(messages).where(
            messages.user_id == user_id, messages.chat_session_id == key
        )
        if before is not None:
            page = page.where(messages.id < before)
        page = page.order_by(messages.id.desc())
        shown = page.limit(limit and limit + 1).subquery("page")
        query = self._with_unlinked(user_id, aliased(messages, shown), key=key)
        return query.order_by(shown.c.id.desc())


def _page(rows: Sequence[Any], limit: int | None, total: int | None = None) -> Page:
    shown = rows if limit is None else rows[:limit]
    return Page(shown, len(shown) < len(rows), total)
