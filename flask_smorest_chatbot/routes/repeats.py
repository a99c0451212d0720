"""Requests that come twice: one turn, and for the second its answer."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from flask import Response, after_this_request, request

from ..errors import ConflictError, NotFoundError
from ..services.following import Following
from ..services.host import TurnServices
from ..services.storage.open_turn import OpenTurn, RequestKey
from .errors import abort_with
from .rate_limits import require_tokens

HEADER = "Idempotency-Key"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")

#: What the OpenAPI document says of the header.
PARAMETER = {
    "in": "header",
    "name": HEADER,
    "required": False,
    "description": (
        "Chosen by the client, new for every new request. The same key and body again give the "
        "same answer, with `Idempotent-Replayed: true`, and do nothing."
    ),
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "example": "5a1f4c1e-2f0b-4a53-9d0c-6a1c5f6d2b11",
}


def request_key(what: object) -> RequestKey | None:
    """Return what tells this request when it comes again; None if its client does not ask for it.

    :param what: all that makes it the same request, as JSON values
    """
    given = request.headers.get(HEADER)
    if given is None:
        return None
    if not _KEY.fullmatch(given):
        abort_with(422, {"headers": {HEADER: ["Use 1 to 255 visible ASCII characters."]}})
    return RequestKey(_digest(given), _digest(json.dumps(what, sort_keys=True)))


def once(
    services: TurnServices,
    user_id: Any,
    key: RequestKey | None,
    open_turn: Callable[[], OpenTurn],
) -> OpenTurn | Following:
    """Open a turn, or follow the one that the same request has opened before.

    A turn that broke is tried again: there is no answer that could be given a second time.

    :raises ReusedKeyError: when the key came with another request
    """
    if key is None:
        return _opened(open_turn)
    records = services.conversations
    if (answer := records.find_request(user_id, key)) is None:
        try:
            return _opened(open_turn)
        except ConflictError:
            answer = records.find_request(user_id, key)
            if answer is None:  # it is another request that this one meets
                raise
    if answer.status in ("failed", "interrupted"):
        try:
            return _opened(lambda: records.reopen_turn(user_id, answer.id))
        except NotFoundError:  # it was cleared: this is its first request now
            return _opened(open_turn)
        except ConflictError:  # somebody else just did, or the conversation has gone on
            answer = records.find_request(user_id, key)
            if answer is None:  # or it was cleared
                raise
    mark_replayed()
    return Following(services, user_id, answer.id, answer.created_at)


def _opened(open_turn: Callable[[], OpenTurn]) -> OpenTurn:
    """Open a turn that will ask the model, for which the user's tokens of the day must suffice."""
    require_tokens()
    return open_turn()


def mark_replayed() -> None:
    """Say in the answer that its request came before."""
    after_this_request(_with_mark)


def _with_mark(response: Response) -> Response:
    response.headers["Idempotent-Replayed"] = "true"
    return response


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
