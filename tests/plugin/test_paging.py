"""Lists go page by page, by key, and cost the same however long they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from host import Host

SESSIONS = "/api/chatbot/sessions"
HISTORY = "/api/chatbot/history/s0"
START = datetime(2026, 1, 1, tzinfo=UTC)


def store(host: Host, user: Any, sessions: int, messages: int = 0) -> None:
    """Store sessions ``s0`` to ``sN``, two of each moment, and messages of the first."""
    with host.app.app_context():
        rows = [
            host.chatbot.ChatSession(
                user_id=user,
                session_id=f"s{number}",
                last_message_at=START + timedelta(seconds=number // 2, microseconds=7),
            )
            for number in range(sessions)
        ]
        host.db.session.add_all(rows)
        host.db.session.flush()
        for number in range(messages):
            message = host.chatbot.ChatMessage(
                user_id=user,
                session_id="s0",
                chat_session_id=rows[0].id,
                message_type="user",
                content=f"m{number}",
            )
            host.db.session.add(message)
            host.db.session.flush()
        host.db.session.commit()


def get(host: Host, user: Any, address: str) -> Any:
    return host.app.test_client().get(address, headers=host.headers(user))


def next_of(response: Any) -> str | None:
    """Return the address in the ``Link`` header."""
    link = response.headers.get("Link")
    if link is None:
        return None
    assert link.endswith('>; rel="next"')
    return str(link[1:].partition(">")[0])


def test_pages_of_sessions_together_are_the_whole_list(host: Host, user: Any) -> None:
    store(host, user, 11)
    store(host, host.add_user(), 3)
    whole = get(host, user, SESSIONS).json
    assert [row["session_id"] for row in whole["sessions"]] == [
        f"s{number}" for number in reversed(range(11))
    ]
    assert (whole["total_sessions"], whole["next"]) == (11, None)
    address: str | None = f"{SESSIONS}?limit=3"
    pages = []
    while address:
        response = get(host, user, address)
        assert response.json["total_sessions"] == 11
        assert response.json["next"] == next_of(response)
        address = response.json["next"]
        pages.append(response.json["sessions"])
    assert [len(page) for page in pages] == [3, 3, 3, 2]
    assert [row for page in pages for row in page] == whole["sessions"]


def test_pages_of_a_history_together_are_the_whole_history(host: Host, user: Any) -> None:
    store(host, user, 2, messages=10)
    whole = get(host, user, HISTORY).json
    assert [row["content"] for row in whole] == [f"m{number}" for number in range(10)]
    address: str | None = f"{HISTORY}?limit=4"
    pages: list[Any] = []
    while address:
        response = get(host, user, address)
        address = next_of(response)
        pages.insert(0, response.json)
    assert [len(page) for page in pages] == [2, 4, 4]
    assert [row for page in pages for row in page] == whole
    assert get(host, user, "/api/chatbot/history/s1?limit=4").json == []


def test_a_page_that_ends_the_list_has_no_next_one(host: Host, user: Any) -> None:
    store(host, user, 4, messages=4)
    for address in (f"{SESSIONS}?limit=4", f"{HISTORY}?limit=4"):
        assert next_of(get(host, user, address)) is None


def test_before_alone_gives_a_page_of_the_usual_size(host: Host, user: Any) -> None:
    store(host, user, 120)
    first = get(host, user, f"{SESSIONS}?limit=1").json["next"]
    second = get(host, user, first.replace("limit=1&", "")).json
    assert len(second["sessions"]) == 50
    assert second["sessions"][0]["session_id"] == "s118"


def test_a_page_beyond_the_end_is_empty(host: Host, user: Any) -> None:
    store(host, user, 2, messages=2)
    assert get(host, user, f"{SESSIONS}?before=1-1").json == {
        "sessions": [],
        "total_sessions": 2,
        "next": None,
    }
    assert get(host, user, f"{HISTORY}?before=1").json == []
    assert get(host, user, "/api/chatbot/history/never-was?before=1").status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=-1", "limit=501", "limit=many", "limit=", "before=", "before=-",
        "before=1-", "before=x", "before=1-99999999999999999999", "before=999999999999999999-1",
    ],
)  # fmt: skip
def test_wrong_places_are_refused(host: Host, user: Any, query: str) -> None:
    response = get(host, user, f"{SESSIONS}?{query}")
    assert response.status_code == response.json["code"] == 422
    assert list(response.json["errors"]) == ["query"]


@pytest.mark.parametrize("query", ["before=0", "before=1-1", "before=9223372036854775808"])
def test_wrong_places_of_a_history_are_refused(host: Host, user: Any, query: str) -> None:
    store(host, user, 1, messages=1)
    assert get(host, user, f"{HISTORY}?{query}").status_code == 422


def test_a_place_of_another_users_list_tells_nothing(host: Host, user: Any) -> None:
    store(host, user, 4, messages=4)
    stranger = host.add_user()
    place = get(host, user, f"{SESSIONS}?limit=1").json["next"]
    assert get(host, stranger, place).json["sessions"] == []
    assert get(host, stranger, f"{HISTORY}?limit=1").status_code == 404
