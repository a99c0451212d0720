"""From what a user says to a catalogue query."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ...catalog import CatalogItem, CatalogQuery, Vocabulary
from ...profile import UserProfile


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """What the previous turn of a session understood and recommended."""

    query: Mapping[str, Any] = field(default_factory=dict)
    items: Sequence[CatalogItem] = ()


def understand(
    text: str,
    *,
    vocabulary: Vocabulary,
    today: date,
    earlier: Earlier | None = None,
    profile: UserProfile,
    user_id: Any = None,
    limit: int = 8,
) -> CatalogQuery:
    words = list(dict.fromkeys(w for w in re.findall(r"[\w'-]+", text.casefold()) if len(w) > 2))
    return CatalogQuery(
        text=text, words=words, profile=profile, user_id=user_id, limit=limit, today=today
    )
