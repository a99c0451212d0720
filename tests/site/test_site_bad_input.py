"""Whatever stands in an address, a query or a body, the API refuses it and does not break."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from site_helpers import auth, make_user

CONTROLS = ["\x00", "a\x00b", "\x1b[31m", "a\x7f", "a\x85b", "\ud800"]
STRANGE: list[Any] = [
    True, -1, 0.5, 10**30, float("nan"), float("inf"), "9" * 5000, [], {}, [[]], [{}], {"a": {}},
]  # fmt: skip
SEGMENTS = [
    ".", "..", "%2e", "%2e%2e", "%2e%2e%2f", "%00", "1%00", "%ff", "%0a", "1%0a", "%20", "1%20",
    "+1", "-1", "0", "1.0", "1e1", "0x1", "%D9%A1", "99999999999", "9" * 5000, "1;a=b", "%ed%a0%80",
]  # fmt: skip
QUERIES = ["%00", "a%00b", "%1b", "%ff", "%ed%a0%80", "1e400", "nan", "-1", "9" * 30, "9" * 5000]


@dataclass(frozen=True)
class Operation:
    """One method at one path, and what it takes, by the API's own document."""

    method: str
    path: str
    fields: dict[str, Any]
    queries: list[str]

    @property
    def address(self) -> str:
        return re.sub(r"{\w+}", "1", self.path)


class Caller:
    """An administrator, who may do everything; and all that there is to do."""

    def __init__(self, app: Flask) -> None:
        self._client = app.test_client()
        self._headers = auth(make_user("admin"))
        self.operations = operations_in(self._client.get("/api/openapi.json").get_json())

    def call(self, method: str, address: str, body: Any = None) -> Any:
        return self._client.open(address, method=method, json=body, headers=self._headers)


def operations_in(spec: dict[str, Any]) -> list[Operation]:
    return [
        Operation(method.upper(), path, fields_of(operation, spec), queries_of(operation))
        for path, methods in spec["paths"].items()
        for method, operation in methods.items()
        if method != "parameters"
    ]


def fields_of(operation: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
    fields = spec["components"]["schemas"].get(name, {}).get("properties", {})
    return {name: field for name, field in fields.items() if not field.get("readOnly")}


def queries_of(operation: dict[str, Any]) -> list[str]:
    return [item["name"] for item in operation.get("parameters", []) if item["in"] == "query"]


@pytest.fixture
def caller(site_any_db: Flask) -> Caller:
    return Caller(site_any_db)


def test_control_characters_in_a_body_are_422(caller: Caller) -> None:
    tried = 0
    for it in caller.operations:
        for name, field in it.fields.items():
            for text in CONTROLS:
                value = [text] if field.get("type") == "array" else text
                answer = caller.call(it.method, it.address, {name: value})
                assert answer.status_code == 422, (it, name, text)
                assert name in answer.get_json()["errors"]["json"], (it, name, text)
                tried += 1
    assert tried > 200


def test_strange_values_in_a_body_are_refused(caller: Caller) -> None:
    for it in caller.operations:
        for name in it.fields:
            for value in STRANGE:
                answer = caller.call(it.method, it.address, {name: value})
                assert 400 <= answer.status_code < 500, (it, name, value)


def test_no_query_breaks_anything(caller: Caller) -> None:
    tried = 0
    for it in caller.operations:
        for name in it.queries:
            for text in QUERIES:
                answer = caller.call(it.method, f"{it.address}?{name}={text}")
                assert answer.status_code < 500, (it, name, text)
                if "%00" in text or "%1b" in text:
                    assert answer.status_code == 422, (it, name, text)
                tried += 1
    assert tried > 50


def test_no_path_segment_breaks_anything(caller: Caller) -> None:
    tried = 0
    for it in caller.operations:
        # An unknown session is cleared without ado.
        expected = (200, 404) if it.method == "DELETE" and "clear" in it.path else (404, 405)
        for segment in SEGMENTS if "{" in it.path else []:
            address = re.sub(r"{\w+}", segment, it.path)
            answer = caller.call(it.method, address, {})
            assert answer.status_code in expected, (it, segment, answer.status_code)
            tried += 1
    assert tried > 100
