"""The labelled cases: what is counted how, and what is reached."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from host import Host

from flask_smorest_chatbot.services.evaluation import evaluate

DATA = Path(__file__).parents[1] / "data"
ITEM = {"id": 17, "name": "Yamaha FG800", "price": "18.00", "url": "/l/17"}
OTHER = {"id": 18, "name": "Fender Jazz Bass", "price": 25, "url": "/l/18", "is_available": False}


def write(folder: Path, name: str, *cases: dict[str, Any]) -> None:
    (folder / name).write_text("\n".join(json.dumps({"kind": "k", **case}) for case in cases))


def test_project_reaches_what_it_promises() -> None:
    scores = evaluate(DATA)
    total = sum(by_kind["all"].cases for by_kind in scores.values())
    assert total >= 300
    answers, requests, calendars = (
        scores[name]["all"] for name in ("answers", "requests", "calendars")
    )
    assert answers.ungrounded == 0
    assert answers.precision >= 0.99
    assert answers.recall >= 0.97
    assert min(requests.precision, requests.recall) >= 0.95
    assert calendars.precision == 1


def test_answers_are_counted(tmp_path: Path) -> None:
    offered = {"candidates": [ITEM, OTHER]}
    write(
        tmp_path,
        "answers.jsonl",
        {"id": "right", **offered, "written": "The Yamaha FG800.", "expected_ids": ["17"]},
        {"id": "missed", **offered, "written": "A guitar.", "expected_ids": [17]},
        {"id": "wrong", **offered, "written": "The Yamaha FG800.", "expected_ids": []},
        {"id": "taken", **offered, "written": "The Fender Jazz Bass.", "expected_ids": []},
        {
            "id": "prose", **offered, "written": "Hi.", "expected_ids": [], "expected_prose": "Ho.",
        },
    )  # fmt: skip
    score = evaluate(tmp_path)["answers"]["all"]
    assert (score.cases, score.right, score.wrong, score.missed) == (5, 1, 2, 1)
    assert score.failed == ("missed", "wrong", "prose")
    assert (score.precision, score.recall, score.grounding) == (1 / 3, 0.5, 1)


def test_requests_are_counted_by_field(tmp_path: Path) -> None:
    (tmp_path / "vocabulary.json").write_text('{"categories": {"Guitar": []}}')
    today = {"today": "2026-11-21"}
    write(
        tmp_path,
        "requests.jsonl",
        {"id": "right", **today, "text": "a guitar", "expected": {"categories": ["Guitar"]}},
        {"id": "nothing", **today, "text": "hello", "expected": {}},
        {"id": "missed", **today, "text": "hello", "expected": {"place": "Austin"}},
        {"id": "wrong", **today, "text": "a guitar", "expected": {}},
    )
    score = evaluate(tmp_path)["requests"]["all"]
    assert (score.cases, score.right, score.wrong, score.missed) == (4, 2, 1, 1)
    assert score.failed == ("missed", "wrong")


def test_calendars_are_counted(tmp_path: Path) -> None:
    period = {"from": "2026-12-12", "to": "2026-12-19"}
    taken = [{"from": "2026-12-18", "to": "2026-12-20", "status": "active"}]
    case = {"period": period, "taken": taken}
    write(
        tmp_path,
        "calendars.jsonl",
        {"id": "a", **case, "expected": {"free": False, "free_from": "2026-12-20"}},
        {"id": "b", **case, "expected": {"free": True}},
        {"id": "c", "period": period, "taken": [], "expected": {"free": True, "free_until": None}},
    )
    score = evaluate(tmp_path)["calendars"]["all"]
    assert (score.right, score.wrong, score.failed) == (4, 1, ("b",))


def test_command_prints_table_and_json(host: Host, tmp_path: Path) -> None:
    period = {"from": "2026-12-12", "to": "2026-12-19"}
    write(tmp_path, "calendars.jsonl", {"period": period, "taken": [], "expected": {"free": False}})
    run = host.app.test_cli_runner().invoke
    table = run(args=["chatbot", "evaluate", "--cases", str(tmp_path), "--failed"])
    assert table.exit_code == 0, table.output
    assert "calendars  k " in table.output
    assert "failed: 1" in table.output
    told = json.loads(run(args=["chatbot", "evaluate", "--cases", str(tmp_path), "--json"]).output)
    assert told["calendars"]["all"]["precision"] == 0


@pytest.mark.parametrize("line", ["not json", "[1]", '{"kind": "k"}', '{"period": 1}'])
def test_wrong_cases_are_named(host: Host, tmp_path: Path, line: str) -> None:
    (tmp_path / "calendars.jsonl").write_text(line)
    result = host.app.test_cli_runner().invoke(
        args=["chatbot", "evaluate", "--cases", str(tmp_path)]
    )
    assert result.exit_code == 1
    assert "calendars" in result.output


def test_empty_folder_is_no_success(host: Host, tmp_path: Path) -> None:
    result = host.app.test_cli_runner().invoke(
        args=["chatbot", "evaluate", "--cases", str(tmp_path)]
    )
    assert result.exit_code == 1
    assert "no cases" in result.output
