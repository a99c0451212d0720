"""What users were promised, against what the database holds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields

from chaos_parts import MARK, Postgres
from chaos_users import Asked

UNSETTLED = """
    SELECT 'm' || id FROM chat_messages WHERE status IN ('pending', 'queued', 'streaming')
    UNION ALL SELECT 's' || claimed_session_id FROM chat_messages
    WHERE claimed_session_id IS NOT NULL
"""
QUESTIONS = "SELECT content FROM chat_messages WHERE message_type = 'user'"
ANSWERS = """
    SELECT q.content, a.content, a.status
    FROM chat_messages a JOIN chat_messages q ON q.id = a.reply_to_id
"""
MISCOUNTED = """
    SELECT s.id FROM chat_sessions s LEFT JOIN chat_messages m ON m.chat_session_id = s.id
    GROUP BY s.id, s.message_count HAVING count(m.id) <> s.message_count
"""


@dataclass(frozen=True)
class Verdict:
    """What went wrong; all zero if nothing did.

    :param lost: questions that were accepted, or answers that were given whole, and are not stored
    :param doubled: questions stored more than once, or answered whole more than once
    :param unsettled: answers that have not ended, or sessions that wait for one
    :param mixed: answers that hold words of another
    :param miscounted: sessions whose number of messages is not that of their messages
    """

    lost: int
    doubled: int
    unsettled: int
    mixed: int
    miscounted: int

    @property
    def is_clean(self) -> bool:
        return not any(asdict(self).values())

    def __str__(self) -> str:
        return " ".join(f"{item.name} {getattr(self, item.name)}" for item in fields(self))


def judge(asked: Iterable[Asked], postgres: Postgres) -> Verdict:
    """Compare what was promised with what is stored."""
    stored = Counter(_mark(content) for (content,) in postgres.rows(QUESTIONS))
    answers = [(_mark(question), *rest) for question, *rest in postgres.rows(ANSWERS)]
    whole = Counter(mark for mark, _, status in answers if status == "complete")
    said = {(mark, content) for mark, content, status in answers if status == "complete"}
    asked = list(asked)
    return Verdict(
        lost=sum(a.accepted and not stored[a.mark] for a in asked)
        + sum(a.answer is not None and (a.mark, a.answer) not in said for a in asked),
        doubled=sum(n > 1 for n in stored.values()) + sum(n > 1 for n in whole.values()),
        unsettled=len(postgres.rows(UNSETTLED)),
        mixed=sum(set(MARK.findall(str(text))) - {mark} != set() for mark, text, _ in answers),
        miscounted=len(postgres.rows(MISCOUNTED)),
    )


def _mark(content: object) -> str:
    found = re.search(MARK, str(content))
    return found[0] if found else ""
