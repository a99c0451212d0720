"""How the endpoints read a JSON body: strictly, and never more than they may."""

from __future__ import annotations

from typing import Any

from flask import Request, abort
from marshmallow import Schema
from webargs.flaskparser import FlaskParser


class JsonBodyParser(FlaskParser):
    """Refuses what is not JSON with 400 and what is too large with 413."""

    def load_json(self, req: Request, schema: Schema) -> Any:
        """Return the parsed body.

        A body may be missing only if all that the schema asks for may be.
        """
        body = req.get_data()
        # Werkzeug cuts a body of undeclared length at the limit without a word.
        if req.content_length is None and len(body) >= (req.max_content_length or float("inf")):
            abort(413)
        if body and not req.is_json:
            abort(400)
        if not body and any(field.required for field in schema.fields.values()):
            abort(400)
        try:
            return super().load_json(req, schema)
        except (ValueError, RecursionError):  # numbers or nesting beyond what Python reads
            abort(400)
