"""Pages of a list in the address: ``?limit=&before=``, and where the next one is."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import marshmallow as ma
from flask import after_this_request, request, url_for

from ..models import MAX_KEY
from ..services.storage.pages import Place
from ..services.storage.tables import aware

#: Rows of a page for which no limit is given.
PAGE_SIZE = 50
MAX_PAGE_SIZE = 500
_PLACE = re.compile(r"([0-9]{1,17})-([0-9]{1,19})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOT_OURS = "Use what `next` of another page holds."

#: What the OpenAPI document says of the header.
LINK_HEADER = {
    "Link": {
        "description": 'Address of the next page, as `<...>; rel="next"`; missing on the last',
        "schema": {"type": "string"},
    }
}


class _PlaceField(ma.fields.String):
    """Where a page of sessions ended: microseconds since 1970, and a key."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        found = _PLACE.fullmatch(super()._deserialize(value, *args, **kwargs))
        if found is None or int(found[2]) > MAX_KEY:
            raise ma.ValidationError(_NOT_OURS)
        return Place(_EPOCH + timedelta(microseconds=int(found[1])), int(found[2]))


class _Page(ma.Schema):
    limit = ma.fields.Integer(
        validate=ma.validate.Range(min=1, max=MAX_PAGE_SIZE),
        metadata={
            "description": f"Most rows to return; {PAGE_SIZE} if only `before` is given, and all "
            "if neither is"
        },
    )

    @ma.post_load
    def _limited(self, values: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {"limit": PAGE_SIZE, **values} if "before" in values else values


class SessionPageSchema(_Page):
    """Which page of the sessions."""

    before = _PlaceField(metadata={"description": "From `next` of the page before"})


class MessagePageSchema(_Page):
    """Which page of the messages."""

    before = ma.fields.Integer(
        validate=ma.validate.Range(min=1, max=MAX_KEY),
        metadata={"description": "Only messages with a lower `id`: the first one's of a page"},
    )


def place_of(session: Any) -> str:
    """Return the ``before`` of the page that follows a session."""
    moment = aware(session.last_message_at)
    return f"{(moment - _EPOCH) // timedelta(microseconds=1)}-{session.id}"


def link_next(limit: int | None, before: object) -> str:
    """Announce the next page of this request's list in a ``Link`` header; return its address.

    :param before: where this page ended
    """
    view = {**(request.view_args or {}), "limit": limit, "before": before}
    address = url_for(str(request.endpoint), **view)

    def announce(response: Any) -> Any:
        response.headers.add("Link", f'<{address}>; rel="next"')
        return response

    after_this_request(announce)
    return address
