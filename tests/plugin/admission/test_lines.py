"""Processes that die, and lines that fail."""

from __future__ import annotations

import logging
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from lines import MakeLine, redis_lines, sqlite_lines
from servers import free_port, redis

from flask_smorest_chatbot import ChatbotConfig, ConfigError
from flask_smorest_chatbot.services.admission import Admission, Place, admission_of
from flask_smorest_chatbot.services.admission import admission as keeping
from flask_smorest_chatbot.services.admission.line import Entry, Limits, LineError, State
from flask_smorest_chatbot.services.admission.sqlite_line import SqliteLine

ONE = Limits(slots=1, waiting=5, per_user=1)


@pytest.fixture(params=["sqlite", "redis"])
def make_line(request: pytest.FixtureRequest, tmp_path: Path) -> MakeLine:
    """A function that opens the same line again and again, in each kind of store."""
    if request.param == "sqlite":
        return sqlite_lines(tmp_path)
    return redis_lines(request.getfixturevalue("redis_server"))


def wait_for(what: Callable[[], bool], seconds: float = 8) -> float:
    """Wait until something is so; return how long it took."""
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < seconds
        time.sleep(0.02)
    return time.monotonic() - began


def test_places_of_a_silent_process_are_given_back(make_line: MakeLine) -> None:
    dying, living = make_line(ONE, lease=0.5), make_line(ONE, lease=0.5)
    assert dying.exchange("d", [Entry(1, "ann"), Entry(2, "bob")], joining=True).admitted == [1]
    assert living.exchange("l", [Entry(1, "cy")], joining=True).positions == {1: 2}
    time.sleep(0.3)
    assert living.exchange("l").positions == {1: 2}
    time.sleep(0.3)
    assert living.exchange("l").admitted == [1]


def test_leaving_twice_or_unknown_does_nothing(make_line: MakeLine) -> None:
    line = make_line(ONE)
    line.exchange("a", [Entry(1, "ann"), Entry(2, "bob")], joining=True)
    assert line.exchange("a", leaving={1: 2.0, 9: 5.0}).admitted == [2]
    answer = line.exchange("a", leaving={1: 4.0})
    assert (answer.waiting, answer.mean) == (0, 2.0)


def test_what_a_process_has_already_is_let_in_beyond_the_limits(make_line: MakeLine) -> None:
    line = make_line(ONE)
    line.exchange("a", [Entry(1, "ann")], joining=True)
    kept = [Entry(1, "bob", State.RUNNING), Entry(2, "cy", State.WAITING)]
    answer = line.exchange("b", kept, joining=True)
    assert (answer.admitted, answer.positions) == ([], {2: 1})
    assert line.exchange("a", leaving={1: 1.0}).admitted == []
    assert line.exchange("b", leaving={1: 1.0}).admitted == [2]


def test_nobody_is_let_in_until_all_have_come_from_a_lost_line(make_line: MakeLine) -> None:
    lines = [make_line(ONE, hold=0.4) for _ in range(2)]
    kept = [Entry(1, "ann", State.WAITING)]
    assert lines[0].exchange("a", kept, joining=True).positions == {1: 1}
    assert lines[0].exchange("a", [Entry(2, "cy")]).positions == {1: 1, 2: 2}
    lines[1].exchange("b", [Entry(1, "bob", State.RUNNING)], joining=True)
    time.sleep(0.5)
    assert lines[0].exchange("a").admitted == []
    assert lines[1].exchange("b", leaving={1: 1.0}).waiting == 1
    assert lines[0].exchange("a").admitted == [1]


def test_sqlite_line_outlives_a_restart_of_the_machine(tmp_path: Path) -> None:
    """The monotonic clock begins anew: what the file holds seems to last for days."""
    path = str(tmp_path / "line.sqlite")
    before = SqliteLine(path, ONE, clock=lambda: 90_000.0)
    before.exchange("a", [Entry(1, "ann")], joining=True)
    before.close()
    after = SqliteLine(path, ONE, clock=lambda: 10.0)
    assert after.exchange("b", [Entry(1, "bob")], joining=True).admitted == [1]


def test_locked_file_is_an_error_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flask_smorest_chatbot.services.admission.sqlite_line._PATIENCE", 0.1)
    path = str(tmp_path / "line.sqlite")
    line = SqliteLine(path, ONE)
    line.exchange("a", joining=True)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LineError):
        line.exchange("a")
    other.execute("COMMIT")
    other.close()
    assert line.exchange("a").waiting == 0


# -- the process's own part --------------------------------------------------------------------


def admission(folder: Path, **settings: object) -> Admission:
    """Return what one process of a site has; another call is another process."""
    given = {"CHATBOT_QUEUE_DIR": str(folder), "CHATBOT_MODEL_SLOTS": 1, **settings}
    return admission_of(ChatbotConfig.from_mapping(given), "site")


def leave_all(*pairs: tuple[Admission, Place]) -> None:
    for keeper, place in pairs:
        keeper.leave(place)


def test_processes_share_the_slots(tmp_path: Path, redis_server: str) -> None:
    for number, settings in enumerate(({}, {"CHATBOT_REDIS_URL": redis_server})):
        model = {"CHATBOT_MODEL": f"model-{number}"}
        one, other = (admission(tmp_path, **settings, **model) for _ in range(2))
        first, second = one.enter("ann"), other.enter("bob")
        assert (first.is_admitted, second.is_admitted, second.position) == (True, False, 1)
        one.leave(first)
        assert second.wait(2)
        leave_all((other, second))


HOLD = """
import sys, time
from flask_smorest_chatbot import ChatbotConfig
from flask_smorest_chatbot.services.admission import admission_of
settings = {"CHATBOT_QUEUE_DIR": sys.argv[1], "CHATBOT_MODEL_SLOTS": 1}
place = admission_of(ChatbotConfig.from_mapping(settings), "site").enter("ann")
print(place.is_admitted, flush=True)
time.sleep(60)
"""


def test_killed_process_gives_its_places_back_within_seconds(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "True\n"
        living = admission(tmp_path)
        waiting = living.enter("bob")
        time.sleep(keeping.LEASE + 1)  # while it lives it keeps the slot
        assert not waiting.is_admitted
        os.kill(holder.pid, signal.SIGKILL)
        assert wait_for(lambda: waiting.is_admitted) < keeping.LEASE + 1
    living.leave(waiting)


def test_stopped_process_that_wakes_up_says_what_it_has(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "True\n"
        os.kill(holder.pid, signal.SIGSTOP)
        living = admission(tmp_path)
        first = living.enter("bob")
        wait_for(lambda: first.is_admitted)
        os.kill(holder.pid, signal.SIGCONT)
        time.sleep(1.5)
        living.leave(first)
        second = living.enter("bob")
        assert not second.is_admitted  # the slot is held by the one that woke up
        holder.kill()
    wait_for(lambda: second.is_admitted)
    living.leave(second)


def test_forked_process_begins_anew(tmp_path: Path) -> None:
    parent = admission(tmp_path)
    held = parent.enter("ann")
    child = os.fork()
    if not child:
        os._exit(0 if parent.enter("bob").position == 1 else 1)
    assert os.waitpid(child, 0)[1] == 0
    parent.leave(held)


def test_place_that_nobody_gives_back_is_taken_back(tmp_path: Path) -> None:
    keeper = admission(tmp_path)
    forgotten = keeper.enter("ann")
    waiting = keeper.enter("bob")
    forgotten.until = time.monotonic()
    assert wait_for(lambda: waiting.is_admitted) < 3
    keeper.leave(forgotten)
    keeper.leave(waiting)


def test_idle_process_lets_go_of_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "_LINGER", 0.1)
    keeper = admission(tmp_path)
    keeper.leave(keeper.enter("ann"))
    wait_for(lambda: not keeper._beats)
    again = keeper.enter("ann")
    assert again.is_admitted
    keeper.leave(again)


def test_broken_file_leaves_each_process_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    keeper = admission(tmp_path)
    place = keeper.enter("ann")
    keeper.leave(place)
    (file,) = tmp_path.glob("*.sqlite")
    for path in tmp_path.iterdir():
        path.unlink()
    file.write_bytes(b"not a database " * 100)
    other = admission(tmp_path)
    with caplog.at_level(logging.WARNING):
        place = other.enter("bob")
    assert place.is_admitted
    assert "keeping it in the memory of this process" in caplog.text
    other.leave(place)


def test_redis_that_goes_away_is_replaced_and_comes_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prometheus_client import REGISTRY

    def fallen_back() -> float:
        return REGISTRY.get_sample_value("chatbot_queue_fallback") or 0

    monkeypatch.setattr("flask_smorest_chatbot.services.admission.fallback._RETRY_INTERVAL", 0.2)
    port, before = free_port(), fallen_back()
    url = f"redis://127.0.0.1:{port}/0"
    one, other = (admission(tmp_path, CHATBOT_REDIS_URL=url) for _ in range(2))
    with redis(tmp_path, port):
        first, second = one.enter("ann"), other.enter("bob")
        assert not second.is_admitted
    wait_for(lambda: fallen_back() == before + 2)
    time.sleep(0.5)  # until both have said what they have
    assert "the line for the model in Redis failed" in caplog.text
    third = one.enter("cy")
    assert (second.position, third.position) in {(1, 2), (2, 1)}  # the places went along
    one.leave(first)
    next_one, last = sorted((second, third), key=lambda place: place.position)
    keepers = {second: other, third: one}
    wait_for(lambda: next_one.is_admitted)
    with redis(tmp_path, port):
        wait_for(lambda: fallen_back() == before)
        assert not last.is_admitted
        keepers[next_one].leave(next_one)
        wait_for(lambda: last.is_admitted)
        keepers[last].leave(last)
    assert "is kept in Redis again" in caplog.text


def test_secret_of_redis_is_in_no_error_and_no_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ConfigError) as error:
        ChatbotConfig.from_mapping({"CHATBOT_REDIS_URL": "hush-hush"})
    assert "hush" not in str(error.value)
    keeper = admission(tmp_path, CHATBOT_REDIS_URL=f"redis://:hush@127.0.0.1:{free_port()}/0")
    with caplog.at_level(logging.DEBUG):
        keeper.leave(keeper.enter("ann"))
    assert "hush" not in caplog.text


def test_folder_of_others_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    keeper = admission_of(ChatbotConfig.from_mapping({}), "site")
    keeper.leave(keeper.enter("ann"))
    (folder,) = tmp_path.iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o777)
    keeper = admission_of(ChatbotConfig.from_mapping({}), "site")
    keeper.leave(keeper.enter("ann"))
    assert "not only ours: set CHATBOT_QUEUE_DIR" in caplog.text
