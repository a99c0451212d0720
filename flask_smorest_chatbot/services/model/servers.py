"""The servers that answer for one model, and which of them a conversation asks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .breaker import Breaker
from .model_errors import unreachable

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel


@dataclass(frozen=True)
class ModelServer:
    """One server, or the host's own chat model.

    :param name: what to call it; without secrets
    """

    name: str
    chat_model: BaseChatModel
    breaker: Breaker


def check_any_is_asked(servers: Iterable[ModelServer]) -> None:
    """Spare a turn its work if no server may be asked for now.

    :raises ModelUnavailableError: saying how long that will not do
    """
    if wait := min(server.breaker.wait for server in servers):
        raise unreachable(retry_after=wait)


def in_order_for(servers: Iterable[ModelServer], conversation: object) -> list[ModelServer]:
    """Return the servers in the order in which a conversation asks them.

    The first keeps the conversation's prompts in its cache, so it must stay the same: whatever the
    process, and as far as possible when servers are added or removed (rendezvous hashing).

    :param conversation: key of the session
    """

    def weight(server: ModelServer) -> bytes:
        return hashlib.blake2b(f"{conversation} {server.name}".encode(), digest_size=8).digest()

    return sorted(servers, key=weight)
