"""What the host gives a turn: its settings, its tables and its loaders."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from ..catalog import CatalogQuery, Fact, Offered, Vocabulary
from ..config import ChatbotConfig
from ..errors import ChatbotError, LoaderError, without_text
from ..profile import UserProfile
from .admission import Admission
from .events import Event
from .followers import Followers
from .model.chat_model import LazyChatModel
from .patience import patiently
from .running import RunningTurns
from .storage.conversations import Conversations
from .storage.tables import DATABASE_AWAY
from .storage.usage import UsageRecords

log = logging.getLogger(__name__)

#: How long the words of a catalogue are kept before the host is asked for them again.
VOCABULARY_SECONDS = 60.0

_Value = TypeVar("_Value")


@dataclass(frozen=True)
class TurnServices:
    """What a turn works with, for one app.

    :param user_model: the host's mapped user class
    :param load_profile: the host's profile of a user
    :param load_catalog: the host's catalogue, asked for candidates
    :param load_vocabulary: the words of that catalogue
    :param load_facts: what else the host knows that answers the user
    :param persona: the host's words on who the assistant is
    :param running: the turns that this process is answering
    :param usage: what users use a day
    :param admission: lets turns ask the model, as many at once as it has slots
    :param followers: who follows an answer in this process
    """

    config: ChatbotConfig
    user_model: type[Any]
    chat_model: LazyChatModel
    conversations: Conversations
    load_profile: Callable[[Any], UserProfile]
    load_catalog: Callable[[CatalogQuery], Offered]
    load_vocabulary: Callable[[], Vocabulary]
    load_facts: Callable[[CatalogQuery], Sequence[Fact]]
    persona: str
    running: RunningTurns
    usage: UsageRecords
    admission: Admission
    followers: Followers

    @property
    def today(self) -> date:
        """The date in the configured time zone."""
        return datetime.now(ZoneInfo(self.config.timezone)).date()

    def patiently(self, action: Callable[[], _Value]) -> Generator[Event, None, _Value]:
        """Do what needs the database, and wait for one that is away, as :mod:`.patience` does."""
        return patiently(self.running, action)


def from_host(name: str, loader: Callable[[], _Value]) -> _Value:
    """Call a loader of the host.

    :param name: of what it loads, for the client and for the reason
    :raises LoaderError: when it raises anything but that the database is away
    """
    try:
        return loader()
    except (ChatbotError, *DATABASE_AWAY):
        raise
    except Exception as error:
        log.error("the host's %s loader raised %s", name, without_text(error))
        message = f"The site's {name} could not be read: try again."
        raise LoaderError(message, f"{name}_error") from error


def cached(loader: Callable[[], _Value], seconds: float) -> Callable[[], _Value]:
    """Return a loader that asks again only after so many seconds."""
    kept: tuple[float, _Value] | None = None

    def load() -> _Value:
        nonlocal kept
        now = time.monotonic()
        if kept is None or now - kept[0] > seconds:
            kept = now, loader()
        return kept[1]

    return load
