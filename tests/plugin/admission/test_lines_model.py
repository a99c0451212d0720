"""Any sequence of turns, processes and deaths: every kind of line keeps its promises.

Both kinds are driven by the same steps and compared, and what they say is held against a record
that knows nothing of how they work.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from lines import MakeLine, redis_lines, sqlite_lines

from flask_smorest_chatbot.services.admission.line import (
    Answer,
    Entry,
    Limits,
    Line,
    State,
    UnknownOwnerError,
)

OWNERS = ("a", "b", "c")
USERS = ("ann", "bob", "cy", "dan")


@dataclass
class Turn:
    owner: str
    number: int
    user: str
    state: State = State.WAITING
    #: Of every other user: how many of their turns were let in while this one waited.
    overtaken_by: Counter[str] = field(default_factory=Counter)
    was_first: bool = False
    is_old: bool = False


class LineMachine(RuleBasedStateMachine):
    """Several processes at one line."""

    kinds: dict[str, Any] = {}  # noqa: RUF012  filled by the test

    @initialize(slots=st.integers(1, 4), waiting=st.integers(0, 6), per_user=st.integers(1, 3))
    def begin(self, slots: int, waiting: int, per_user: int) -> None:
        self.limits = Limits(slots, waiting, per_user)
        self.folder = tempfile.TemporaryDirectory()
        makers: list[MakeLine] = [sqlite_lines(Path(self.folder.name)), redis_lines(self.url)]
        self.lines: list[list[Line]] = [[make(self.limits) for _ in OWNERS] for make in makers]
        self.turns: dict[tuple[str, int], Turn] = {}
        self.alive: set[str] = set()
        self.admitted: list[Turn] = []
        self.refused: list[Turn] = []
        self.next = 0

    url = ""

    def teardown(self) -> None:
        for line in (line for kind in getattr(self, "lines", []) for line in kind):
            line.close()
        if hasattr(self, "folder"):
            self.folder.cleanup()

    # -- steps ---------------------------------------------------------------------------------

    @rule(owner=st.sampled_from(OWNERS), users=st.lists(st.sampled_from(USERS), max_size=4))
    def enter(self, owner: str, users: list[str]) -> None:
        self.join(owner)
        entries = []
        for user in users:
            self.next += 1
            entries.append(Entry(self.next, user))
            turn = self.turns[owner, self.next] = Turn(owner, self.next, user)
            turn.was_first = not any(
                other.user == user for other in self.turns.values() if other is not turn
            )
        self.step(owner, entries)

    @precondition(lambda self: self.turns)
    @rule(data=st.data(), seconds=st.floats(0.5, 60), count=st.integers(1, 3))
    def leave(self, data: Any, seconds: float, count: int) -> None:
        turn = self.turns[data.draw(st.sampled_from(sorted(self.turns)))]
        mine = [turn, *(t for t in self.turns.values() if t.owner == turn.owner and t is not turn)]
        left = mine[:count]
        for gone in left:
            del self.turns[gone.owner, gone.number]
        ran = {t.number: seconds if t.state is State.RUNNING else None for t in left}
        self.step(turn.owner, [], ran)

    @rule(owner=st.sampled_from(OWNERS))
    def poll(self, owner: str) -> None:
        self.join(owner)
        self.step(owner, [])

    @rule(owner=st.sampled_from(OWNERS))
    def die(self, owner: str) -> None:
        """Its lease runs out, or it says good-bye: the line does the same."""
        for kind in self.lines:
            kind[0].withdraw(owner)
        self.alive.discard(owner)
        for key in [key for key in self.turns if key[0] == owner]:
            del self.turns[key]
        self.hear_all()

    @precondition(lambda self: self.alive)
    @rule(data=st.data())
    def forget(self, data: Any) -> None:
        """The line loses what it knew of a process, which says it anew."""
        owner = data.draw(st.sampled_from(sorted(self.alive)))
        mine = [turn for key, turn in sorted(self.turns.items()) if key[0] == owner]
        kept = [Entry(turn.number, turn.user, turn.state) for turn in mine]
        for turn in mine:
            turn.was_first = False  # it is at the end of the users now
            turn.overtaken_by.clear()
        for kind in self.lines:
            kind[0].withdraw(owner)
        self.alive.discard(owner)
        # Others may have been let in meanwhile: over the limits, until they end.
        self.over = True
        self.ask(owner, kept, joining=True)
        self.alive.add(owner)
        self.hear_all()

    # -- how a step is done --------------------------------------------------------------------

    over = False

    def join(self, owner: str) -> None:
        if owner in self.alive:
            return
        for kind in self.lines:
            with pytest.raises(UnknownOwnerError):
                kind[OWNERS.index(owner)].exchange(owner)
        self.ask(owner, [], joining=True)
        self.alive.add(owner)

    def step(self, owner: str, entries: list[Entry], leaving: Any = None) -> None:
        self.ask(owner, entries, leaving=leaving)
        self.hear_all()

    def hear_all(self) -> None:
        """Let every process hear what has become of its turns; only then all is known."""
        for owner in sorted(self.alive):
            self.ask(owner, [])
        waiting = self.waiting()
        users = {turn.user for turn in waiting}
        for turn in self.refused:
            if turn.was_first:
                # Nobody is refused a first turn while somebody has two in the line.
                assert len(users) == len(waiting) >= self.limits.waiting
        for turn in waiting:
            if turn.is_old:  # else the others may have come before it in this very step
                turn.overtaken_by.update(turn.user for turn in self.admitted)
            turn.is_old = True
        self.refused.clear()
        self.admitted.clear()

    def ask(self, owner: str, entries: list[Entry], **more: Any) -> None:
        answers = [
            kind[OWNERS.index(owner)].exchange(owner, entries, **more) for kind in self.lines
        ]
        first, second = answers
        assert sorted(first.admitted) == sorted(second.admitted)
        assert sorted(first.refused) == sorted(second.refused)
        assert first.positions == second.positions
        assert first.waiting == second.waiting
        assert (first.mean or 0) == pytest.approx(second.mean or 0, rel=1e-9)
        self.record(owner, first)

    def record(self, owner: str, answer: Answer) -> None:
        self.refused += [self.turns.pop((owner, number)) for number in answer.refused]
        for number in answer.admitted:
            turn = self.turns[owner, number]
            assert turn.state is State.WAITING
            turn.state = State.RUNNING
            self.admitted.append(turn)
        waiting = {t.number for t in self.waiting() if t.owner == owner}
        assert set(answer.positions) == waiting

    # -- promises ------------------------------------------------------------------------------

    def running(self, user: str | None = None) -> int:
        turns = self.turns.values()
        return sum(t.state is State.RUNNING and user in (None, t.user) for t in turns)

    def waiting(self) -> list[Turn]:
        return [t for t in self.turns.values() if t.state is State.WAITING]

    @invariant()
    def limits_hold(self) -> None:
        if not hasattr(self, "limits") or self.over:
            return
        assert self.running() <= self.limits.slots
        assert all(self.running(user) <= self.limits.per_user for user in USERS)
        assert len(self.waiting()) <= self.limits.waiting

    @invariant()
    def no_slot_is_free_while_somebody_may_have_it(self) -> None:
        if not hasattr(self, "limits"):
            return
        may = [t for t in self.waiting() if self.running(t.user) < self.limits.per_user]
        assert self.running() >= self.limits.slots or not may

    @invariant()
    def a_first_turn_is_overtaken_by_nobody_twice(self) -> None:
        for turn in getattr(self, "turns", {}).values():
            if turn.was_first and turn.state is State.WAITING:
                assert all(count <= 1 for count in turn.overtaken_by.values())


def test_every_kind_of_line_keeps_its_promises(redis_server: str) -> None:
    machine = type("Machine", (LineMachine,), {"url": redis_server})
    chosen = settings(
        max_examples=60,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=chosen)
