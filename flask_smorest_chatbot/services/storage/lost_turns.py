"""Turns whose workers are gone: found, and settled as interrupted.

An answer that is being written holds a claim on its session. Its worker renews that about once a
second; when it does so no more, the next who reads the answer settles it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from ...models import utc_now
from .sessions import Sessions
from .tables import aware
from .worker import is_known_dead

#: A worker that has not renewed its claims (:mod:`..running`) for so long is gone; one that died on
#: this host, at once.
CLAIM_LENGTH = timedelta(seconds=15)
#: An answer without any claim, as one written by hand may be, is given up after so long.
LONGEST_ANSWER = timedelta(hours=1)

UNSETTLED = ("pending", "queued", "streaming")
#: Columns of an answer that has ended.
UNCLAIMED = {"claimed_session_id": None, "claimed_until": None, "claimed_by": None}


class LostTurns(Sessions):
    """Settles what nobody answers any more."""

    @property
    def _is_unsettled(self) -> Any:
        return self.messages.status.in_(UNSETTLED)

    def _settle_if_lost(self, answer: Any) -> bool:
        """End a turn whose worker is gone. Commits if so.

        :param answer: the assistant's message; None if there is none
        :return: whether it was
        """
        if answer is None or answer.claimed_session_id is None:
            return False
        if not is_lost(answer.claimed_until, answer.claimed_by):
            return False
        self._settle_lost([answer.id])
        self.db.session.commit()
        return True

    def settle_lost_turns(self, *, unclaimed: bool = False) -> int:
        """End all turns whose workers are gone. Commits.

        :param unclaimed: also those that hold no claim, as rows written by hand may; this reads the
            whole table of messages
        :return: how many there were
        """
        with self.transaction():
            lost = [*self._lost_claims(), *(self._unclaimed() if unclaimed else [])]
            return self._settle_lost(lost) if lost else 0

    def _lost_claims(self) -> list[int]:
        messages = self.messages
        claims = self.db.session.execute(
            sa.select(messages.id, messages.claimed_until, messages.claimed_by).where(
                messages.claimed_session_id.is_not(None)
            )
        )
        return [key for key, until, worker in claims if is_lost(until, worker)]

    def _unclaimed(self) -> Sequence[int]:
        messages = self.messages
        keys: Sequence[int] = self.db.session.scalars(
            sa.select(messages.id).where(
                self._is_unsettled,
                messages.claimed_session_id.is_(None),
                messages.created_at < utc_now() - LONGEST_ANSWER,
            )
        ).all()
        return keys

    def _settle_lost(self, lost: Sequence[int]) -> int:
        """End answers, and take the claims also off those that somebody else has ended."""
        these = self.messages.id.in_(lost)
        ended = self.db.session.execute(
            sa.update(self.messages)
            .where(these, self._is_unsettled)
            .values(status="interrupted", reason="worker_lost", **UNCLAIMED)
            .execution_options(synchronize_session=False)
        )
        if ended.rowcount < len(lost):
            self.db.session.execute(
                sa.update(self.messages)
                .where(these)
                .values(UNCLAIMED)
                .execution_options(synchronize_session=False)
            )
        return int(ended.rowcount)


def is_lost(until: Any, worker: str | None) -> bool:
    """Tell whether a claim's worker is gone, or has not renewed it in time."""
    return aware(until) <= utc_now() or is_known_dead(worker)
