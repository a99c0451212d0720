"""The commands ``flask chatbot doctor``, ``chat`` and ``warm-up``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from host import Host, make_host
from servers import RecordingModel, free_port

from flask_smorest_chatbot import Finding


def doctor(host: Host) -> Any:
    return host.app.test_cli_runner().invoke(args=["chatbot", "doctor"])


def test_doctor_finds_nothing_wrong(
    build: Callable[..., Host], small_model: RecordingModel
) -> None:
    host = build(small_model.url, small_model.model)
    host.add_user()
    result = doctor(host)
    assert result.exit_code == 0, result.output
    names = [line.removeprefix("ok   ").partition(":")[0] for line in result.output.splitlines()]
    assert names == [
        "configuration", *["tables"] * 4, "model server", "model", "answer",
        "profile loader", "catalogue loader", "vocabulary loader", "facts loader",
    ]  # fmt: skip


def test_doctor_says_the_remedy_for_what_fails(
    build: Callable[..., Host], small_model: RecordingModel
) -> None:
    away = doctor(build(f"http://127.0.0.1:{free_port()}"))
    assert away.exit_code == 1
    assert "FAIL model server" in away.output
    assert "ollama serve" in away.output
    missing = doctor(build(small_model.url, "llama2"))
    assert missing.exit_code == 1
    assert "Run `ollama pull llama2`" in missing.output


def test_doctor_prints_one_line_each(build: Callable[..., Host]) -> None:
    host = build(f"http://127.0.0.1:{free_port()}")
    services = host.app.extensions["chatbot"].turn_services

    def broken(_query: Any) -> Any:
        raise ValueError("one\ntwo")

    object.__setattr__(services, "load_catalog", broken)
    lines = doctor(host).output.splitlines()
    assert all(line.startswith(("ok   ", "FAIL ")) for line in lines), lines


def test_doctor_notices_misspelt_keys(build: Callable[..., Host]) -> None:
    result = doctor(build(f"http://127.0.0.1:{free_port()}", CHATBOT_MODLE="llama3"))
    assert "FAIL configuration: nothing reads CHATBOT_MODLE" in result.output


def test_doctor_notices_missing_tables_and_broken_loaders(tmp_path: Any) -> None:
    host = make_host(f"sqlite:///{tmp_path}/h.db")

    @host.chatbot.catalog_loader
    def broken(_query: Any) -> Any:
        raise KeyError("oops")

    services = host.app.extensions["chatbot"].turn_services
    object.__setattr__(services, "load_catalog", broken)
    result = doctor(host)
    assert result.exit_code == 1
    assert "FAIL tables: chat_sessions does not exist -> Run `flask db migrate`" in result.output
    with host.app.app_context():
        host.db.create_all()
    assert "FAIL catalogue loader: raised KeyError" in doctor(host).output
    with host.app.app_context():
        host.db.engine.dispose()


def test_doctor_notices_a_column_that_was_not_migrated(host: Host) -> None:
    with host.app.app_context():
        host.db.session.execute(host.db.text("ALTER TABLE chat_messages DROP COLUMN duration_ms"))
        host.db.session.commit()
    result = doctor(host)
    assert "chat_messages lacks duration_ms" in result.output


def test_chat_in_the_terminal(host: Host, user: Any) -> None:
    host.chat_model.scripts.append(["Take the Yamaha FG800."])
    result = host.app.test_cli_runner().invoke(
        args=["chatbot", "chat", "--session", "s"], input="A guitar?\nThanks\n\n"
    )
    assert result.exit_code == 0, result.output
    assert "Take the Yamaha FG800." in result.output
    assert "/items/17" in result.output
    history = host.app.test_client().get("/api/chatbot/history/s", headers=host.headers(user))
    assert len(history.json) == 4


def test_chat_in_the_terminal_keeps_the_limits_and_tells_of_failure(host: Host, user: Any) -> None:
    host.chat_model.scripts.append(["Half", ConnectionError("away")])
    typed = f"{'a' * 4001}\nHi\x07\nHello?\n\n"
    result = host.app.test_cli_runner().invoke(
        args=["chatbot", "chat", "--session", "s"], input=typed
    )
    assert result.exit_code == 1
    assert "4000" in result.output
    assert "Control characters" in result.output
    assert "cannot be reached" in result.output
    assert len(host.chat_model.prompts) == 1


@pytest.mark.parametrize("key", ["4711", "x"])
def test_chat_needs_a_user(host: Host, user: Any, key: str) -> None:
    result = host.app.test_cli_runner().invoke(args=["chatbot", "chat", "--user", key])
    assert result.exit_code == 1
    assert "no such user" in result.output


def test_warm_up_loads_the_model_as_turns_ask_for_it(
    build: Callable[..., Host], small_model: RecordingModel
) -> None:
    host = build(small_model.url, small_model.model, CHATBOT_NUM_CTX=2048)
    result = host.app.test_cli_runner().invoke(args=["chatbot", "warm-up"])
    assert result.exit_code == 0, result.output
    assert result.output.startswith(f"{small_model.model} is loaded; first token of ")
    warming = small_model.requests[-1]
    user = host.add_user()
    host.app.test_client().post(
        "/api/chatbot/chat", json={"message": "Hi"}, headers=host.headers(user)
    )
    turn = small_model.requests[-1]
    assert (warming["options"], warming["keep_alive"]) == (turn["options"], turn["keep_alive"])
    front = warming["messages"][0]["content"].partition("<profile>")[0]
    assert turn["messages"][0]["content"].startswith(front)


def test_warm_up_says_that_the_model_is_away(build: Callable[..., Host]) -> None:
    host = build(f"http://127.0.0.1:{free_port()}")
    result = host.app.test_cli_runner().invoke(args=["chatbot", "warm-up", "--wait", "0"])
    assert result.exit_code == 1
    assert "cannot be reached" in result.output


def test_a_host_adds_checks_of_its_own(build: Callable[..., Host]) -> None:
    host = build(f"http://127.0.0.1:{free_port()}")

    def shelf() -> Any:
        yield Finding("shelf", "is full")
        yield Finding("cellar", "there is none", applies=False)
        raise ValueError("oops")

    state = host.app.extensions["chatbot"]
    object.__setattr__(state, "doctor_checks", (host.chatbot.doctor_check(shelf),))
    assert doctor(host).output.splitlines()[-3:] == [
        "ok   shelf: is full",
        "--   cellar: there is none",
        "FAIL shelf: raised ValueError: oops -> Mend the host's check.",
    ]
