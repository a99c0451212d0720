"""Checks of the club's site, with the real small model behind ChatOllama."""

from __future__ import annotations

import sys
from typing import Any

import sqlalchemy as sa
from club import Boat, Member, create_app, db
from flask_jwt_extended import create_access_token
from host_checks import (
    SSE,
    check_document,
    check_only_the_wheel_is_seen,
    events_of,
    flask,
    migrate_up,
    run_checks,
)

CHAT = "/api/chatbot/chat"
app = create_app()


def check_start_is_light() -> None:
    assert not [name for name in sys.modules if name.startswith(("langchain", "ollama", "httpx"))]


def check_migrations() -> None:
    migrate_up(create_app)
    with app.app_context():
        for table in ("chat_sessions", "chat_messages"):
            (user,) = [
                key
                for key in sa.inspect(db.engine).get_foreign_keys(table)
                if key["constrained_columns"] == ["user_id"]
            ]
            assert (user["referred_table"], user["referred_columns"]) == (
                "club_members", ["member_id"]
            )  # fmt: skip


def check_openapi() -> None:
    check_document(app, "/api/chatbot", "bearerAuth")


def add_member() -> dict[str, str]:
    """Store a member and a boat, and return the headers of the member's requests."""
    with app.app_context():
        member = Member(full_name="Ann Skipper")
        db.session.add_all([member, Boat(name="Laser", hourly_rate=12)])
        db.session.commit()
        return {"Authorization": f"Bearer {create_access_token(identity=str(member.member_id))}"}


def check_conversation() -> None:
    headers, client = add_member(), app.test_client()
    assert client.get("/api/chatbot/sessions").status_code == 401
    body: dict[str, Any] = {"message": "Which boat can I sail today?", "session_id": "deck"}
    whole = client.post(CHAT, json=body, headers=headers)
    assert whole.status_code == 200, whole.text
    assert whole.json["assistant_response"]
    body["message"] = "Thank you. Say goodbye."
    streamed = client.post(CHAT, json=body, headers={**headers, "Accept": SSE})
    events = events_of(streamed.text)
    assert [events[0][0], events[-1][0]] == ["start", "done"], streamed.text
    said = "".join(data["content"] for name, data in events if name == "delta")
    assert said == events[-1][1]["assistant_response"]
    history = client.get("/api/chatbot/history/deck", headers=headers).json
    assert [message["message_type"] for message in history] == ["user", "assistant"] * 2
    assert history[-1]["content"] == said
    assert history[1]["input_tokens"] > 0
    (session,) = client.get("/api/chatbot/sessions", headers=headers).json["sessions"]
    assert (session["session_id"], session["message_count"]) == ("deck", 4)
    stranger = add_member()
    assert client.get("/api/chatbot/history/deck", headers=stranger).status_code == 404


def check_doctor() -> None:
    assert "FAIL" not in flask(create_app, "chatbot", "doctor")


def check_downgrade() -> None:
    flask(create_app, "db", "downgrade")
    with app.app_context():
        assert sa.inspect(db.engine).get_table_names() == ["alembic_version"]


run_checks(
    check_only_the_wheel_is_seen,
    check_start_is_light,
    check_migrations,
    check_openapi,
    check_conversation,
    check_doctor,
    check_downgrade,
)
