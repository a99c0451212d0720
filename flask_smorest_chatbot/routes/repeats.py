"""What tells a request that comes twice, and says so in its answer."""

from __future__ import annotations

import hashlib
import json
import re

from flask import Response, after_this_request, request

from ..services.storage.request_key import RequestKey
from .errors import abort_with

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


def mark_replayed() -> None:
    """Say in the answer that its request came before."""
    after_this_request(_with_mark)


def _with_mark(response: Response) -> Response:
    response.headers["Idempotent-Replayed"] = "true"
    return response


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
