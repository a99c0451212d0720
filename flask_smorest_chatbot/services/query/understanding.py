"""From what a user says to a catalogue query."""

from __future__ import annotations

import logging
from datetime import date
from typing import Any

from ...catalog import CatalogQuery, Vocabulary
from ...profile import UserProfile
from .earlier import Earlier

log = logging.getLogger(__name__)


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
    """Return what a message asks of the catalogue. Deterministic; no message makes it raise.

    :param text: the message as sent
    :param vocabulary: the words of the host's catalogue
    :param today: the date in the configured time zone, from which "tomorrow" is counted
    :param earlier: the previous turn; what it asked for holds until it is said otherwise
    :param profile: the user's profile, handed through
    :param user_id: the user's primary key, handed through
    :param limit: most items the plugin will use, handed through
    """
    from .joining import joined  # compiling all their patterns waits for the first message
    from .reading import read_message

    query = CatalogQuery(text=text, profile=profile, user_id=user_id, limit=limit, today=today)
    try:
        shown = list(earlier.items) if earlier else None
        last_ids = earlier.ids("item_ids") if earlier else ()
        reading = read_message(
            text,
            vocabulary,
            today,
            shown,
            last_ids,
            has_period=bool(earlier and earlier.period),
        )
        slots = joined(reading, earlier, today)
    except Exception as error:
        # A message that cannot be understood is still answered. The error's own text may quote it.
        log.error("a message was not understood (%s)", type(error).__name__)
        return query
    return CatalogQuery(
        text=text,
        words=tuple(reading.words),
        profile=profile,
        user_id=user_id,
        limit=limit,
        today=today,
        **slots,
    )
