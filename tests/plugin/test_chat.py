"""The contract's endpoints, by JSON and by event stream, on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from client import SSE, bytes_of, events_of, names_of
from host import Host

CHAT = "/api/chatbot/chat"
BLOCK = '<recommendations>[{"id": 17, "reason": "Easy."}, {"id": 99}]</recommendations>'


def post(host: Host, user: Any, body: Any, path: str = CHAT, **headers: str) -> Any:
    return host.app.test_client().post(path, json=body, headers=host.headers(user, **headers))


def get(host: Host, user: Any, path: str) -> Any:
    return host.app.test_client().get(path, headers=host.headers(user))


def test_chat_answers_with_grounded_recommendations_and_no_markup(host: Host, user: Any) -> None:
    host.chat_model.scripts.append(["Try the Yamaha", " FG800.\n", BLOCK[:9], BLOCK[9:]])
    response = post(host, user, {"message": "A guitar?"})
    body = response.json
    assert response.status_code == 200
    assert uuid.UUID(body["session_id"]).version == 4
    assert body["user_message"] == "A guitar?"
    assert body["assistant_response"] == "Try the Yamaha FG800."
    (item,) = body["recommendations"]
    assert (item["id"], item["name"], item["url"]) == (17, "Yamaha FG800", "/items/17")
    assert item["price"] == {"amount": "18.00", "currency": "USD", "unit": "day"}
    assert item["reason"].startswith("$18.00 a day")
    assert [reason["field"] for reason in item["reasons"]] == ["price", "available"]
    assert 0 <= item["fit"] <= 1
    assert body["context"]["experience_level"] == "beginner"
    assert body["context"]["preferred_instruments"] == ["Guitar"]
    assert body["context"]["user_profile"]["experience_level"] == "beginner"
    assert body["context"]["dropped_recommendations"] == 1
    assert body["created_at"].endswith("+00:00")


def test_stream_carries_the_same_answer(host: Host, user: Any) -> None:
    host.chat_model.scripts.append(["Try ", 0.5, "the Yamaha FG800. ", BLOCK])
    response = post(host, user, {"message": "A guitar?", "session_id": "s1"}, Accept=SSE)
    events = events_of(response.text)
    assert response.mimetype == SSE
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.headers["X-Accel-Buffering"] == "no"
    assert names_of(response) == ["start", "delta", "recommendations", "done"]
    deltas = [data["content"] for name, data in events if name == "delta"]
    done = events[-1][1]
    assert len(deltas) == 2
    assert "".join(deltas) == done["assistant_response"] == "Try the Yamaha FG800."
    start = events[0][1]
    assert start == {
        "session_id": "s1", "message_id": done["message_id"], "model": "ScriptedModel"
    }  # fmt: skip
    assert dict(events)["recommendations"]["recommendations"] == done["recommendations"]


def test_silence_is_bridged_by_comments(build_host: Any) -> None:
    host = build_host(CHATBOT_PING_INTERVAL=0.3)
    host.chat_model.scripts.append([1.2, "Hello."])
    response = post(host, host.add_user(), {"message": "Hi"}, Accept=SSE)
    assert response.text.count(": ping\n\n") >= 2


def test_second_turn_replays_the_first_exactly(host: Host, user: Any) -> None:
    host.chat_model.scripts.append([f"The FG800. {BLOCK}"])
    post(host, user, {"message": "A guitar?", "session_id": "s1"})
    post(host, user, {"message": "Cheaper?", "session_id": "s1"})
    first, second = host.chat_model.prompts
    assert second[: len(first)] == first
    assert second[len(first)].text == f"The FG800. {BLOCK}"
    assert second[-1].text.endswith("Cheaper?")


def test_history_and_sessions(host: Host, user: Any) -> None:
    for session_id in ("a", "b", "a"):
        post(host, user, {"message": f"Hi {session_id}", "session_id": session_id})
    listed = get(host, user, "/api/chatbot/sessions").json
    assert listed["total_sessions"] == 2
    assert [(s["session_id"], s["message_count"]) for s in listed["sessions"]] == [
        ("a", 4), ("b", 2)
    ]  # fmt: skip
    assert {"started_at", "last_message_at", "title"} <= listed["sessions"][0].keys()
    history = get(host, user, "/api/chatbot/history/a").json
    assert [m["message_type"] for m in history] == ["user", "assistant"] * 2
    assert [m["content"] for m in history] == ["Hi a", "Hello."] * 2
    assert history[0]["context_data"] is None
    assert history[1]["context_data"]["recommendations"] == []
    assert history[1]["status"] == "complete"
    assert history[1]["user_id"] == user


def test_clearing_deletes_once(host: Host, user: Any) -> None:
    post(host, user, {"message": "Hi", "session_id": "a"})
    client, headers = host.app.test_client(), host.headers(user)
    cleared = client.delete("/api/chatbot/clear-session/a", headers=headers)
    again = client.delete("/api/chatbot/clear-session/a", headers=headers)
    assert (cleared.json["deleted_count"], again.json["deleted_count"]) == (2, 0)
    assert again.status_code == 200
    assert get(host, user, "/api/chatbot/history/a").status_code == 404


def test_another_users_session_is_no_session(host: Host, user: Any) -> None:
    stranger = host.add_user()
    post(host, user, {"message": "Mine", "session_id": "shared-name"})
    missing = get(host, stranger, "/api/chatbot/history/never-was")
    other = get(host, stranger, "/api/chatbot/history/shared-name")
    assert (other.status_code, bytes_of(other)) == (404, bytes_of(missing))
    deleted = host.app.test_client().delete(
        "/api/chatbot/clear-session/shared-name", headers=host.headers(stranger)
    )
    assert deleted.json["deleted_count"] == 0
    # The stranger's own session may have the same name.
    post(host, stranger, {"message": "Theirs", "session_id": "shared-name"})
    assert "Mine" not in str(host.chat_model.prompts[-1])
    assert len(get(host, user, "/api/chatbot/history/shared-name").json) == 2


def test_rows_written_by_hand_are_readable_and_continued(host: Host, user: Any) -> None:
    message = host.chatbot.ChatMessage
    with host.app.app_context():
        for kind, content in (("user", "Old question"), ("assistant", "Old answer")):
            host.db.session.add(
                message(user_id=user, session_id="old/1", message_type=kind, content=content)
            )
            host.db.session.add(
                message(user_id=user, session_id="old", message_type=kind, content=content)
            )
        host.db.session.commit()
    listed = get(host, user, "/api/chatbot/sessions").json
    assert {(s["session_id"], s["message_count"]) for s in listed["sessions"]} == {
        ("old", 2), ("old/1", 2)
    }  # fmt: skip
    assert [m["content"] for m in get(host, user, "/api/chatbot/history/old").json] == [
        "Old question", "Old answer"
    ]  # fmt: skip
    post(host, user, {"message": "And now?", "session_id": "old"})
    assert [m.text for m in host.chat_model.prompts[-1][1:3]] == ["Old question", "Old answer"]
    assert len(get(host, user, "/api/chatbot/history/old").json) == 4


def test_rows_written_by_hand_are_continued_before_they_are_read(host: Host, user: Any) -> None:
    message = host.chatbot.ChatMessage
    with host.app.app_context():
        for kind in ("user", "assistant"):
            host.db.session.add(
                message(user_id=user, session_id="old", message_type=kind, content=kind)
            )
        host.db.session.commit()
    post(host, user, {"message": "And now?", "session_id": "old"})
    assert len(host.chat_model.prompts[-1]) == 4
    assert len(get(host, user, "/api/chatbot/history/old").json) == 4
    assert get(host, user, "/api/chatbot/sessions").json["sessions"][0]["message_count"] == 4


def test_rows_written_by_hand_may_be_read_by_many_at_once(host: Host, user: Any) -> None:
    message = host.chatbot.ChatMessage
    for number in range(5):
        with host.app.app_context():
            host.db.session.add(
                message(user_id=user, session_id=f"o{number}", message_type="user", content="Hi")
            )
            host.db.session.commit()
        everyone = threading.Barrier(6)

        def read(path: str, everyone: threading.Barrier = everyone) -> int:
            everyone.wait()
            status: int = get(host, user, path).status_code
            return status

        paths = ["/api/chatbot/sessions", f"/api/chatbot/history/o{number}"] * 3
        with ThreadPoolExecutor(6) as pool:
            assert list(pool.map(read, paths)) == [200] * 6
        listed = get(host, user, "/api/chatbot/sessions").json
        assert [s["message_count"] for s in listed["sessions"]] == [1] * (number + 1)


@pytest.mark.parametrize(
    ("accept", "mimetype"),
    [
        ("text/event-stream; charset=utf-8", SSE),
        ("text/event-stream, */*;q=0.5", SSE),
        ("*/*", "application/json"),
        ("application/json, text/event-stream;q=0.5", "application/json"),
    ],
)
def test_accept_header_chooses_the_answer(
    host: Host, user: Any, accept: str, mimetype: str
) -> None:
    response = post(host, user, {"message": "Hi"}, Accept=accept)
    assert response.mimetype == mimetype
    assert "Accept" in response.headers["Vary"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"message": "\u3164\u2800\ufe0f"}, 400),
        ({"message": ""}, 400),
        ({"message": " \n\t"}, 400),
        ({"message": "\u200b\u200d"}, 400),
        ({}, 422),
        ({"message": None}, 422),
        ({"message": 5}, 422),
        ({"message": ["x"]}, 422),
        ({"message": "x" * 4001}, 422),
        ({"message": "a\x00b"}, 422),
        ({"message": "a\x1bb"}, 422),
        ({"message": "a\ud800b"}, 422),
        ({"message": "x", "session_id": "a" * 101}, 422),
        ({"message": "x", "session_id": "a b"}, 422),
        ({"message": "x", "session_id": "a/b"}, 422),
        ({"message": "x", "session_id": "."}, 422),
        ({"message": "x", "session_id": ".."}, 422),
        ({"message": "x", "session_id": "a\n"}, 422),
        ({"message": "x", "session_id": ""}, 422),
        ({"message": "x", "session_id": 7}, 422),
        ([], 422),
        ("text", 422),
    ],
)
def test_bad_input_changes_nothing(host: Host, user: Any, body: Any, status: int) -> None:
    for accept in ("application/json", SSE):
        response = post(host, user, body, Accept=accept)
        assert response.status_code == status
        assert response.json.keys() == {"code", "status", "message", "errors", "request_id"}
        assert response.json["message"]
    assert host.chat_model.prompts == []
    assert get(host, user, "/api/chatbot/sessions").json["total_sessions"] == 0


def test_longest_message_and_session_id_are_accepted(host: Host, user: Any) -> None:
    body = {"message": "x" * 4000, "session_id": "Az09._:-" + "a" * 92}
    assert post(host, user, body).status_code == 200


@pytest.mark.parametrize(
    ("data", "content_type", "status"),
    [
        (b"not json", "application/json", 400),
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b"[" * 200_000, "application/json", 400),
        (b'{"message": ' + b"9" * 10_000 + b"}", "application/json", 400),
        (b'{"message": "\xff"}', "application/json", 400),
        (b"message=hi", "application/x-www-form-urlencoded", 400),
        (b'{"message": "' + b"x" * 1_100_000 + b'"}', "application/json", 413),
    ],
)
def test_body_that_is_not_json(
    host: Host, user: Any, data: bytes, content_type: str, status: int
) -> None:
    response = host.app.test_client().post(
        CHAT, data=data, content_type=content_type, headers=host.headers(user)
    )
    assert response.status_code == response.json["code"] == status
    assert response.json["message"]


@pytest.mark.parametrize(
    "path", ["history/%00", "history/" + "a" * 101, "history/%F0%9F%8E%B8", "history/%ED%A0%80"]
)
def test_strange_session_ids_in_paths_are_no_sessions(host: Host, user: Any, path: str) -> None:
    assert get(host, user, f"/api/chatbot/{path}").status_code == 404
    cleared = host.app.test_client().delete(
        f"/api/chatbot/{path.replace('history', 'clear-session')}", headers=host.headers(user)
    )
    assert (cleared.status_code, cleared.json["deleted_count"]) == (200, 0)


def test_host_endpoint_may_do_without_a_message_and_always_recommends(
    host: Host, user: Any
) -> None:
    for body in ({}, {"message": ""}, {"message": None}):
        host.chat_model.scripts += [["Gladly."], ['{"items": ["18", "', '17"]}']]
        response = post(host, user, body, path="/api/chatbot/recommend")
        assert response.status_code == 200
        assert [item["id"] for item in response.json["recommendations"]] == [18, 17]
    schema = host.chat_model.options[-1]["format"]
    assert schema["properties"]["items"]["items"]["enum"] == ["17", "18", "19"]


def test_catalogue_is_asked_with_the_users_words_and_profile(host: Host, user: Any) -> None:
    post(host, user, {"message": "Show me a Guitar for rock"})
    query = host.queries[0]
    assert set(query.words) >= {"guitar", "rock"}
    assert (query.user_id, query.profile.experience_level) == (user, "beginner")
    assert query.limit == 5
