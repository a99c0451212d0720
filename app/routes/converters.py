"""Row ids in paths."""

from __future__ import annotations

from typing import Any

from werkzeug.routing import IntegerConverter, Map

from ..models import MAX_ROW_ID


class RowIdConverter(IntegerConverter):
    """An id that a database column can hold; any other path is an unknown one (404)."""

    regex = r"[0-9]{1,10}"

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, min=1, max=MAX_ROW_ID)


def row_id_schema(_converter: RowIdConverter) -> dict[str, Any]:
    """Return how such an id is documented."""
    return {"type": "integer", "minimum": 1, "maximum": MAX_ROW_ID}
