"""Import and build ahead what only turns need, for a server that forks its workers."""

from __future__ import annotations

from ..catalog import Vocabulary
from ..profile import UserProfile
from .host import TurnServices
from .query import understand

#: Says something of every kind, so that all that reads messages is there after it. All but a
#: holiday: those of the whole world come with one, and take 18 MB of each process.
_MESSAGE = "a gitar from tomorrow to 24 December, for at most twenty dollars a day"


def preload(services: TurnServices) -> None:
    """Import LangChain and what reads messages and answers; nobody is asked anything."""
    import flask_limiter  # noqa: F401

    from . import turn  # noqa: F401
    from .reading import prose, recommendations  # noqa: F401

    if services.config.redis_url:
        import redis  # noqa: F401
    if services.chat_model.is_configured_ollama:
        from .model import chat_ollama  # noqa: F401
    understand(
        _MESSAGE,
        vocabulary=Vocabulary(brands=["Guitarra"]),
        today=services.today,
        profile=UserProfile(),
    )
