"""Checks of the shop: what it had still works, and the chat works beside it."""

from __future__ import annotations

from pathlib import Path

from flask import url_for
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

import app as shop
from app.models import ChatMessage, User, db
from flask_smorest_chatbot import ConfigError

site = shop.create_app()


def check_its_own_package_is_app() -> None:
    assert Path(shop.__file__).parent == Path.cwd() / "app"


def check_migrations() -> None:
    migrate_up(shop.create_app)


def check_openapi() -> None:
    check_document(site, "/api/assistant", "shopToken")
    schemes = site.test_client().get("/openapi.json").json["components"]["securitySchemes"]
    assert list(schemes) == ["shopToken", "chatbotApiKey"]


def check_what_the_shop_had() -> None:
    client = site.test_client()
    page = client.get("/help/chat")
    assert "<title>Help desk</title>" in page.text
    assert 'href="/help/chat"' in page.text
    assert client.get("/nowhere").text == "<h1>The shop has no such page</h1>"
    assert flask(shop.create_app, "helpdesk", "greet") == "Bob is on duty.\n"
    with site.test_request_context():
        assert url_for("chatbot.chat") == "/help/chat"
    with site.app_context():
        user = User(name="Ann", messages=[ChatMessage(text="Is anybody there?")])
        db.session.add(user)
        db.session.commit()
        assert db.session.get(User, user.id).messages[0].text == "Is anybody there?"


def check_conversation() -> None:
    with site.app_context():
        headers = {"Authorization": f"Bearer {create_access_token(identity='1')}"}
    client = site.test_client()
    body = {"message": "A teapot, please", "session_id": "tea"}
    whole = client.post("/api/assistant/chat", json=body, headers=headers)
    assert whole.status_code == 200, whole.text
    assert whole.json["assistant_response"] == "Take the blue teapot."
    streamed = client.post(
        "/api/assistant/chat", json=body, headers={**headers, "Accept": SSE}
    )  # fmt: skip
    events = events_of(streamed.text)
    assert events[-1][0] == "done", streamed.text
    assert "".join(d["content"] for n, d in events if n == "delta") == "Take the blue teapot."
    assert [r["id"] for r in events[-1][1]["recommendations"]] == ["teapot-blue"]
    history = client.get("/api/assistant/history/tea", headers=headers).json
    assert len(history) == 4
    missing = client.get("/api/assistant/history/none", headers=headers)
    assert (missing.status_code, missing.json["code"]) == (404, 404)
    assert client.post("/api/chatbot/chat", json=body, headers=headers).status_code == 404


def check_deleting_a_user() -> None:
    """The chats go with the user even where SQLite does not look after foreign keys."""
    with site.app_context():
        db.session.execute(db.delete(ChatMessage))
        db.session.delete(db.session.get(User, 1))
        db.session.commit()
        for table in ("assistant_sessions", "assistant_messages"):
            assert db.session.scalar(db.text(f"SELECT count(*) FROM {table}")) == 0


def check_taken_names_are_refused() -> None:
    said = ""
    try:
        shop.create_app(CHATBOT_BLUEPRINT_NAME="chatbot")
    except ConfigError as error:
        said = str(error)
    assert "set CHATBOT_BLUEPRINT_NAME to another name" in said


def check_downgrade() -> None:
    flask(shop.create_app, "db", "downgrade")


run_checks(
    check_only_the_wheel_is_seen,
    check_its_own_package_is_app,
    check_migrations,
    check_openapi,
    check_what_the_shop_had,
    check_conversation,
    check_deleting_a_user,
    check_taken_names_are_refused,
    check_downgrade,
)
