"""How well answers, requests and calendars are read, on labelled cases. Pure but for the files.

A folder holds ``answers.jsonl``, ``requests.jsonl`` and ``calendars.jsonl``, any of which may be
missing, and ``vocabulary.json`` for the requests. ``docs/evaluation.md`` describes the formats.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from ..calendars import free_time
from ..catalog import CatalogItem, CatalogQuery, Period, Vocabulary
from ..errors import InputError
from ..profile import UserProfile
from .catalogue.catalog_search import refusal
from .catalogue.offers import offer
from .query import Earlier, understand
from .reading.prose import ProseFilter
from .reading.recommendations import ground, offers

#: Fields of a query that a case judges; those that it does not name are expected to be empty.
JUDGED = (
    "period", "budget", "categories", "excluded_categories", "brands", "excluded_brands",
    "place", "level", "genres", "item_ids", "excluded_ids", "excluded_words", "any_price",
)  # fmt: skip
#: Bookings with such a status take nothing.
_OVER = ("cancelled", "completed")
_MOST_RECOMMENDATIONS = 50


@dataclass
class Score:
    """Counts over some cases. What a case finds is right, wrong (found, not expected) or missed.

    :param ungrounded: recommendations of what is not offered, not to be had, or at another price
    :param failed: names of the cases that were not wholly right
    """

    cases: int = 0
    right: int = 0
    wrong: int = 0
    missed: int = 0
    ungrounded: int = 0
    failed: tuple[str, ...] = ()

    @property
    def precision(self) -> float:
        """Share of what was found that is right."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """Share of what is there that was found."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def grounding(self) -> float:
        """Share of what was found that can be recommended as it was."""
        found = self.right + self.wrong
        return 1 - self.ungrounded / found if found else 1.0

    def __add__(self, other: Score) -> Score:
        return Score(
            *(getattr(self, item.name) + getattr(other, item.name) for item in fields(self))
        )

    def as_json(self) -> dict[str, Any]:
        """Return the counts and the shares, these to four digits."""
        shares = {
            name: round(getattr(self, name), 4) for name in ("precision", "recall", "grounding")
        }
        return {**asdict(self), **shares, "failed": list(self.failed)}


def evaluate(folder: Path) -> dict[str, dict[str, Score]]:
    """Return scores by set of cases and kind; each set's total is under ``"all"``.

    :raises InputError: when a file cannot be read as cases
    """
    judges = {
        "answers": _judge_answer,
        "requests": _requests_judge(folder),
        "calendars": _judge_calendar,
    }
    scores: dict[str, dict[str, Score]] = {}
    for name, judge in judges.items():
        for case in _cases(folder / f"{name}.jsonl"):
            try:
                score = judge(case)
            except (KeyError, TypeError, ValueError, ArithmeticError) as error:
                raise InputError(f"{name}: case {case.get('id')!r} is wrong: {error!r}") from error
            by_kind = scores.setdefault(name, {"all": Score()})
            for kind in ("all", str(case["kind"])):
                by_kind[kind] = by_kind.get(kind, Score()) + score
    if not scores:
        raise InputError(f"There are no cases in {folder}: say where they are with --cases.")
    return scores


def _cases(path: Path) -> Iterator[dict[str, Any]]:
    if not path.exists():
        return
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            case = json.loads(line)
            yield {"id": str(number), **case}
        except (ValueError, TypeError) as error:
            raise InputError(f"{path.name}, line {number} is not a JSON object.") from error


def _score(
    case: Mapping[str, Any], right: int, wrong: int, missed: int, ungrounded: int = 0
) -> Score:
    failed = (str(case["id"]),) if wrong or missed or ungrounded else ()
    return Score(1, right, wrong, missed, ungrounded, failed)


def _judge_answer(case: dict[str, Any]) -> Score:
    """Compare the recommended ids, and the prose if the case has it, whole and in pieces."""
    candidates = [item_of(given) for given in case["candidates"]]
    query = CatalogQuery(text="", today=date.min)
    prose, found = _read_answer(case["written"], candidates)
    streamed, _ = _read_answer(list(case["written"]), candidates)
    kept = [item for item in found if refusal(item, query) is None]
    expected = [str(key) for key in case["expected_ids"]]
    ids = [str(item.id) for item in kept]
    right = len(set(ids) & set(expected))
    spoilt = streamed != prose or prose != case.get("expected_prose", prose)
    return _score(
        case, right, len(ids) - right + spoilt, len(expected) - right, _ungrounded(kept, case)
    )


def _read_answer(
    pieces: str | list[str], candidates: list[CatalogItem]
) -> tuple[str, list[CatalogItem]]:
    prose = ProseFilter(offers(candidates))
    text = "".join(map(prose.feed, pieces if isinstance(pieces, list) else [pieces]))
    text += prose.finish()
    grounded = ground(text, prose.blocks, candidates, _MOST_RECOMMENDATIONS)
    return text, grounded.items


def _ungrounded(items: list[CatalogItem], case: dict[str, Any]) -> int:
    """Count recommendations that say something else than the case's candidates."""
    known = {str(given["id"]): given for given in case["candidates"]}
    query = CatalogQuery(text="", today=date.min)
    count = 0
    for told in (offer(item, query) for item in items):
        given = known.get(str(told["id"]), {})
        price = (told["price"] or {}).get("amount")
        stated = given.get("price")
        count += (
            told["name"] != given.get("name")
            or told["url"] != given.get("url")
            or (stated is not None and Decimal(str(price)) != Decimal(str(stated)))
            or not given.get("is_available", True)
        )
    return count


def _requests_judge(folder: Path) -> Any:
    path = folder / "vocabulary.json"
    vocabulary = (
        Vocabulary(**json.loads(path.read_text("utf-8"))) if path.exists() else Vocabulary()
    )

    def judge(case: dict[str, Any]) -> Score:
        """Compare the fields that are expected or found; a case of none counts as one."""
        query = understand(
            case["text"],
            vocabulary=vocabulary,
            today=date.fromisoformat(case["today"]),
            earlier=_earlier(case.get("earlier")),
            profile=UserProfile(),
        )
        found, expected = _judged(query.as_json()), _judged(case["expected"])
        names = found.keys() | expected.keys()
        right = sum(found.get(name) == expected.get(name) for name in names)
        wrong = sum(name in found and found[name] != expected.get(name) for name in names)
        missed = sum(name in expected and expected[name] != found.get(name) for name in names)
        return _score(case, right if names else 1, wrong, missed)

    return judge


def _judged(query: Mapping[str, Any]) -> dict[str, Any]:
    """Return the judged fields that say something, in a form that can be compared."""
    return {name: _comparable(query[name]) for name in JUDGED if query.get(name)}


def _comparable(value: Any) -> Any:
    match value:
        case {"from": start, "to": end}:
            return start, end
        case {"unit": unit}:
            bounds = (value.get(bound) for bound in ("most", "least"))
            amounts = tuple(None if bound is None else Decimal(str(bound)) for bound in bounds)
            return (*amounts, unit, value.get("currency", "USD"))
        case [*parts]:
            return sorted(map(str, parts))
    return value


def _earlier(given: Mapping[str, Any] | None) -> Earlier | None:
    if given is None:
        return None
    items = [item_of(item) for item in given.get("items", ())]
    return Earlier(query=given.get("query", {}), items=items)


def _judge_calendar(case: dict[str, Any]) -> Score:
    """Compare whether the period is free and, if it is not, when it next is."""
    taken = [_period(entry) for entry in case["taken"] if entry.get("status") not in _OVER]
    found = free_time(_period(case["period"]), taken)
    answers: dict[str, Any] = {"free": found.is_free}
    if "free_from" in case["expected"]:
        answers["free_from"] = found.free_from and found.free_from.isoformat()
    if "free_until" in case["expected"]:
        answers["free_until"] = found.free_until and found.free_until.isoformat()
    wrong = sum(answers[name] != value for name, value in case["expected"].items())
    return _score(case, len(answers) - wrong, wrong, 0)


def _period(given: Mapping[str, str]) -> Period:
    return Period(date.fromisoformat(given["from"]), date.fromisoformat(given["to"]))


def item_of(given: Mapping[str, Any]) -> CatalogItem:
    """Return a catalogue item from JSON; members that it does not have are its details."""
    own = {item.name for item in fields(CatalogItem)} - {"details"}
    values = {name: value for name, value in given.items() if name in own}
    for name in ("free_from", "free_until"):
        if values.get(name):
            values[name] = date.fromisoformat(values[name])
    details = {name: value for name, value in given.items() if name not in own}
    return CatalogItem(**values, details=details.pop("details", details))
