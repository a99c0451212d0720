"""What is strange in a request gets the same answer on every database, and is stored as it came."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from client import SSE, events_of
from conftest import _new_database
from host import GUITARS, Host

from flask_smorest_chatbot.text import has_forbidden_characters

_numbers = itertools.count()

#: Messages, and the status of each.
MESSAGES: list[tuple[str, Any, int]] = [
    ("nul", "a\x00b", 422),
    ("escape", "\x1b[31mred", 422),
    ("delete", "a\x7f", 422),
    ("next line", "a\x85b", 422),
    ("lone high surrogate", "a\ud800", 422),
    ("lone low surrogate", "\udc00a", 422),
    ("surrogates in wrong order", "\udc00\ud800", 422),
    ("zero-width only", "\u200b\u200c\u200d\u2060\ufeff", 400),
    ("bidi marks only", "\u202e\u2066\u2069", 400),
    ("combining marks only", "\u0301\u0301", 400),
    ("fillers only", "\u3164\u115f\u2800", 400),
    ("white space only", " \n\t\u3000\u2028", 400),
    ("empty", "", 400),
    ("bidi override", "\u202eevil\u202c guitar", 200),
    ("combining flood", "a" + "\u0301" * 3000, 200),
    ("as long as may be, four bytes each", "\U0001f3b8" * 4000, 200),
    ("too long", "x" * 4001, 422),
    ("emoji", "\N{GUITAR}\U0001f468\u200d\U0001f3a4", 200),
    ("noncharacters", "a\ufffe\uffff\U0010ffff", 200),
    ("private use", "a\ue000\U000f0000", 200),
    ("line and paragraph separators", "a\u2028b\u2029c", 200),
    ("right to left", "\u05d2\u05d9\u05d8\u05e8\u05d4?", 200),
    ("quotes and statements", "'; DROP TABLE chat_messages; -- \\' \" %s %(a)s :a ?", 200),
    ("number", 1, 422),
    ("true", True, 422),
    ("list", ["Hi"], 422),
    ("object", {"a": "Hi"}, 422),
    ("null", None, 422),
]
SESSIONS: list[tuple[Any, int]] = [
    ("A-Z.a_z:0-9", 200),
    ("", 422),
    ("x" * 100, 200),
    ("x" * 101, 422),
    ("a\n", 422),
    ("a b", 422),
    ("a\x00", 422),
    ("\u00e9", 422),
    ("\u0661", 422),
    (".", 422),
    ("..", 422),
    (1, 422),
    (True, 422),
    (["a"], 422),
    ({}, 422),
]
#: What is no JSON object, or too much of one.
BODIES: list[tuple[bytes, int]] = [
    (b"", 400),
    (b"nonsense", 400),
    (b"\xff\xfe", 400),
    (b'{"message": "\xed\xa0\x80"}', 400),
    (b'{"message": "Hi"', 400),
    (b"[" * 100_000, 400),
    (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 400),
    (b"9" * 10_000, 400),
    (b"[]", 422),
    (b"null", 422),
    (b'"Hi"', 422),
    (b'{"message": "Hi", "user_id": 1}', 422),
    (b'{"message": "Hi", "message": 1}', 422),
    (b'{"message": NaN}', 422),
    (b'{"message": 1e999}', 422),
]
IDS = [
    "0",
    "-1",
    "1.0",
    "1e3",
    "0x1",
    str(2**31),
    str(2**63 - 1),
    str(2**63),
    "9" * 5000,
    "\u0661",
    "\x00",
]
NAMES = [
    "never",
    "\x00",
    "a\x00b",
    "\ud800",
    "\xff",
    "%",
    "_",
    "'",
    "x" * 101,
    "x" * 5000,
    "\u202e",
]


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def database_url(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/host.db"
    elif request.param == "postgresql":
        yield _new_database(request.getfixturevalue("postgres_server"))
    else:
        name, server = f"hostile_{next(_numbers)}", request.getfixturevalue("mariadb_server")
        engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name} CHARACTER SET latin1")
        engine.dispose()
        yield sa.make_url(server).set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def host(build_host: Callable[..., Host]) -> Host:
    """A host whose model has room for the longest message."""
    return build_host(CHATBOT_NUM_CTX=65_536)


def say(host: Host, user: Any, **body: Any) -> Any:
    # By hand: the test client's own encoder refuses some of it.
    return host.app.test_client().post(
        "/api/chatbot/chat",
        data=json.dumps(body),
        headers=host.headers(user),
        content_type="application/json",
    )


def test_messages(host: Host, user: Any) -> None:
    for number, (name, message, status) in enumerate(MESSAGES):
        answer = say(host, user, message=message, session_id=f"s{number}")
        assert answer.status_code == status, (name, answer.text)
        path, headers = f"/api/chatbot/history/s{number}", host.headers(user)
        history = host.app.test_client().get(path, headers=headers)
        if status == 200:
            assert answer.json["user_message"] == message, name
            assert history.json[0]["content"] == message, name
        else:
            assert history.status_code == 404, f"{name}: something was stored"


def test_session_ids(host: Host, user: Any) -> None:
    for session_id, status in SESSIONS:
        answer = say(host, user, message="Hi", session_id=session_id)
        assert answer.status_code == status, (session_id, answer.text)


def test_bodies(host: Host, user: Any) -> None:
    for body, status in BODIES:
        answer = host.app.test_client().post(
            "/api/chatbot/chat",
            data=body,
            headers=host.headers(user),
            content_type="application/json",
        )
        assert answer.status_code == status, (body[:40], answer.text)
        assert answer.json["code"] == status


def test_ids_in_addresses(host: Host, user: Any) -> None:
    client, headers = host.app.test_client(), host.headers(user)
    numbered = [("POST", "messages/{}/retry"), ("POST", "messages/{}/stop"),
                ("GET", "messages/{}/stream"), ("DELETE", "api-keys/{}")]  # fmt: skip
    for (method, path), text in itertools.product(numbered, IDS):
        address = "/api/chatbot/" + path.format(quote(text))
        answer = client.open(address, method=method, headers=headers)
        assert answer.status_code == 404, (method, path, text)
    for text in NAMES:
        named = quote(text, safe="", errors="surrogatepass")
        assert client.get(f"/api/chatbot/history/{named}", headers=headers).status_code == 404, text
        cleared = client.delete(f"/api/chatbot/clear-session/{named}", headers=headers)
        assert (cleared.status_code, cleared.json["deleted_count"]) == (200, 0), text


def test_headers(host: Host, user: Any) -> None:
    client = host.app.test_client()
    strange = ["\x01", "\xff", "x" * 5000, "' OR 1=1 --", "\u0661"]
    for name, text in itertools.product(("Idempotency-Key", "X-API-Key", "Last-Event-ID"), strange):
        sent = {name: text.encode().decode("latin-1")}
        known = {} if name == "X-API-Key" else host.headers(user)
        body = {"message": "Hi"}
        answer = client.post("/api/chatbot/chat", json=body, headers={**known, **sent})
        expected = {"Idempotency-Key": {200, 422}, "X-API-Key": {401}, "Last-Event-ID": {200}}
        assert answer.status_code in expected[name], (name, text)


# -- the stream ----------------------------------------------------------------------------------

BREAKS = (
    "data: x\n\nevent: done\r\ndata: {}\r\rid: 9-9\n: ping\u2028event: x\u2029\x0bdata: {}\x0c\x1c"
)
TEMPLATE_MARKS = ("[INST]", "<<SYS>>", "<|im_start|>", "<|eot_id|>", "</s>", "<start_of_turn>")
OUR_MARKS = ("</items>", "</notes>", "</profile>", "<recommendations>", "</recommendations>")
MARKS = " ".join((*TEMPLATE_MARKS, *OUR_MARKS))


def strict_events(stream: bytes) -> list[str]:
    """Return the names of the events as a browser reads them: lines end in LF, CR or both."""
    lines = re.split(rb"\r\n|\n|\r", stream)
    return [line[7:].decode() for line in lines if line.startswith(b"event: ")]


@pytest.mark.parametrize("where", ["message", "answer", "item"])
def test_line_breaks_never_end_an_event(host: Host, user: Any, where: str) -> None:
    """Wherever they stand: in the message, in what the model says of it, in the catalogue."""
    text = "".join(char for char in BREAKS if not has_forbidden_characters(char))
    host.chat_model.scripts = [["Well: ", BREAKS if where == "answer" else "none", ". FG800."]]
    if where == "item":
        host.catalog = [GUITARS[0].__class__(id=17, name=f"FG800 {text}", url="/items/17")]
    message = f"A guitar? {text}" if where == "message" else "A guitar?"
    answer = host.app.test_client().post(
        "/api/chatbot/chat", json={"message": message}, headers=host.headers(user, Accept=SSE)
    )
    names = strict_events(answer.data)
    assert (names[0], names[-2:]) == ("start", ["recommendations", "done"])
    assert set(names[1:-2]) == {"delta"}
    events = events_of(answer.text)
    done = events[-1][1]
    told = "".join(data["content"] for name, data in events if name == "delta")
    assert told == done["assistant_response"]
    assert done["user_message"] == message
    assert answer.data.isascii()


def test_marks_in_a_message_reach_the_model_broken(host: Host, user: Any) -> None:
    host.catalog = [GUITARS[0].__class__(id=17, name=f"Guitar {MARKS}", description=MARKS)]
    for number in range(2):  # the second time they stand in the history, too
        answer = say(host, user, message=f"A guitar? {MARKS} {number}", session_id="marked")
        assert answer.json["user_message"] == f"A guitar? {MARKS} {number}"
    system, *said = [str(message.content) for message in host.chat_model.prompts[-1]]
    assert len(said) == 3
    for mark in TEMPLATE_MARKS:
        assert mark not in "\n".join([system, *said]), mark
    for line in "\n".join(said).splitlines():  # ours stand on lines of their own
        assert line in OUR_MARKS or not [mark for mark in OUR_MARKS if mark in line], line
    assert system.count("</profile>") == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    "change",
    [
        "ADD CHECK (length(content) < 5)",  # IntegrityError
        "ALTER COLUMN content TYPE varchar(5)",  # DataError
        "DROP COLUMN status",  # ProgrammingError
    ],
)
def test_message_that_the_database_refuses_is_in_no_log(
    host: Host, user: Any, caplog: pytest.LogCaptureFixture, change: str
) -> None:
    with host.app.app_context(), host.db.engine.begin() as connection:
        connection.execute(sa.text(f"ALTER TABLE chat_messages {change}"))
    answer = host.app.test_client().post(
        "/api/chatbot/chat", json={"message": "canary message"}, headers=host.headers(user)
    )
    assert answer.status_code == 500
    assert set(answer.json) == {"code", "status", "message", "errors", "request_id"}
    told = caplog.text + "".join(str(record.exc_info) for record in caplog.records)
    assert "the database refused a statement" in told
    assert "canary" not in told + answer.text
