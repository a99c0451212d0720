"""Tokens that the model server evaluates in a conversation: ours, and the original's flat prompt.

The site talks with the real small model about its demo catalogue. Then the same conversation, with
the same answers, is told in the original's prompts to the same server. What is counted is what the
engine says that it evaluated (``prompt_n``) and reused (``cache_n``).
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import httpx
from flask import Flask

from app import create_app
from app.demo.seed import seed
from app.extensions import db
from app.models import ChatMessage, User
from app.services.tokens import issue_access_token
from small_ollama import SmallOllama

from .baseline import app as original
from .figures import Curve, Figure

NUM_CTX = 4096
MOST_USERS = 4
LATER = 10  # the turn whose first token is compared with that of the second, which asks alike

#: It stays with a thing for a while, as people do, and goes on to others.
QUESTIONS = """
Hello! I would like to learn the guitar. What do you have for a beginner?
Which of these is the easiest to play with small hands?
What is the difference between nylon and steel strings?
How much would the first one cost for a week?
Do I need picks and a strap as well?
How often should I change the strings?
Is the second one good for folk songs?
How long does it take to learn a few chords?
Can I play quietly with it in the evening?
Which of these is the easiest to carry to a friend?
My daughter would like to play the piano. Do you have digital pianos?
Which one has weighted keys?
Does she need a stand for it?
How much is it a day?
Can it be used with headphones?
How many keys does a child need?
Is the first one heavy to carry?
What else should I know about it?
How would she begin to practise?
Thanks, that helps a lot.
A friend of mine plays the violin. Which violins can be rented?
Which of them suits somebody who has played for some years?
Is a bow included?
How is a violin tuned?
What does the cheapest one cost for a week?
Does it need any care?
Could a left-handed player use it?
What is the difference to a viola?
How should it be kept in winter?
Good to know. Which strings are usual for it?
Now something louder: do you have drums for a small band?
Which of these is the smallest?
Can they be played with headphones?
How much space do they take?
How much would they cost for three days?
Are cymbals part of it?
How loud are they compared with a guitar?
Who carries them to the car?
What would you take for a first concert?
Thank you very much, that was all.
""".strip().splitlines()


@dataclass(frozen=True)
class Size:
    """How many turns are measured.

    :param turns: of the long conversation
    :param users: who take turns, each ``rounds`` times
    :param answer: tokens of an answer at most
    :param letters: how much of the original's prompt is sent; None for all of it
    """

    turns: int = len(QUESTIONS)
    users: int = 4
    rounds: int = 2
    answer: int = 96
    letters: int | None = None


QUICK = Size(turns=2, users=2, rounds=1, answer=8, letters=1000)


@dataclass(frozen=True)
class Turn:
    """What one turn cost.

    :param answer: as the model wrote it
    :param evaluated: tokens of the prompt that the engine had to read
    :param reused: tokens of the prompt that it had read before
    :param answered: tokens of the answer
    :param first_token: seconds until there was text
    """

    question: str
    answer: str
    evaluated: int
    reused: int
    answered: int
    first_token: float

    @property
    def taken(self) -> int:
        """Tokens of prompt and answer together."""
        return self.evaluated + self.reused + self.answered


def measure(quick: bool = False) -> list[Figure]:
    """Return tokens evaluated in a conversation, alone and by turns with others, both ways."""
    size = QUICK if quick else Size()
    with tempfile.TemporaryDirectory() as folder, _site(Path(folder), size) as site:
        [ours] = _talk(site, [0], QUESTIONS[: size.turns])
        [flat] = _retell(site, {0: ours})
        others = range(1, 1 + size.users)
        shared = _talk(site, others, QUESTIONS[: size.rounds])
        shared_flat = _retell(site, dict(zip(others, shared, strict=True)))
    return [
        *_conversation(ours, flat),
        *_by_turns(shared, shared_flat),
        *_curve(ours, flat),
    ]


def _conversation(ours: Sequence[Turn], flat: Sequence[int]) -> list[Figure]:
    figures = [
        _evaluated(f"{len(ours)} turns", ours, flat),
        Figure("longest prompt and answer", [max(t.taken for t in ours)], "tokens", NUM_CTX),
        Figure("length of an answer", [turn.answered for turn in ours], "tokens"),
    ]
    if len(ours) < LATER:
        return figures
    second, later = ours[1].first_token * 1000, ours[LATER - 1].first_token * 1000
    return [
        *figures,
        Figure("first token of turn 2", [second], "ms"),
        Figure(f"first token of turn {LATER}", [later], "ms", 1.5 * second),
    ]


def _by_turns(ours: Sequence[Sequence[Turn]], flat: Sequence[Sequence[int]]) -> list[Figure]:
    all_ours, all_flat = list(chain(*ours)), list(chain(*flat))
    what = f"{len(all_ours)} turns, {len(ours)} users by turns on one slot"
    return [_evaluated(what, all_ours, all_flat)]


def _evaluated(what: str, ours: Sequence[Turn], flat: Sequence[int]) -> Figure:
    mine, original = sum(turn.evaluated for turn in ours), sum(flat)
    return Figure(f"tokens evaluated in {what}", [mine], "tokens", original / 4, original=original)


def _curve(ours: Sequence[Turn], flat: Sequence[int]) -> list[Figure]:
    return [
        Figure(
            f"tokens evaluated in turn {number}",
            [mine.evaluated],
            "tokens",
            original=other,
            curve=Curve("Tokens evaluated per turn", "turn", number, is_logarithmic=False),
            is_row=False,
        )
        for number, (mine, other) in enumerate(zip(ours, flat, strict=True), start=1)
    ]


@dataclass
class _Site:
    """The rental site with its demo, and the model server that it asks."""

    app: Flask
    user_ids: Sequence[int]
    tokens: Sequence[str]
    url: str
    model: str
    ends: Path
    size: Size

    def ask(self, user: int, question: str) -> Turn:
        """Ask the site for a user, in a session of their own."""
        headers = {"Authorization": f"Bearer {self.tokens[user]}", "Accept": "text/event-stream"}
        body = {"message": question, "session_id": f"bench-{user}"}
        began, first = time.perf_counter(), 0.0
        response = self.app.test_client().post("/api/chatbot/chat", json=body, headers=headers)
        for frame in response.response:
            if b"event: delta" in frame:
                first = first or time.perf_counter() - began
        assert b"event: done" in frame, frame
        end = self._last_end()
        read, reused = end["engine"]["prompt_n"], end["engine"]["cache_n"]
        return Turn(question, self._last_answer(), read, reused, end["eval_count"], first)

    def ask_as_original(self, user: int, question: str, answer: str) -> int:
        """Return how much of the original's prompt the engine reads, and store the answer given."""
        user_id, said = self.user_ids[user], f"original-{user}"
        with self.app.app_context():
            prompt = original.prompt_of(user_id, said, question)[: self.size.letters]
            body = {
                "model": self.model,
                "messages": [{"role": "user", "content": prompt}],
                "options": {"num_ctx": NUM_CTX, "num_predict": 1},
                "stream": False,
            }
            httpx.post(f"{self.url}/api/chat", json=body, timeout=300).raise_for_status()
            original._store(user_id, said, "user", question)
            original._store(user_id, said, "assistant", answer)
        evaluated: int = self._last_end()["engine"]["prompt_n"]
        return evaluated

    def _last_answer(self) -> str:
        """Return the last answer as the model wrote it: so did the original store it."""
        latest = db.select(ChatMessage.model_content).order_by(ChatMessage.id.desc()).limit(1)
        with self.app.app_context():
            return str(db.session.scalar(latest))

    def _last_end(self) -> dict[str, Any]:
        """Return the last line of the last answer."""
        end: dict[str, Any] = json.loads(self.ends.read_text().splitlines()[-1])
        return end


@contextmanager
def _site(folder: Path, size: Size) -> Iterator[_Site]:
    ends = folder / "ends.jsonl"
    arguments = ["--slots", "1", "--num-ctx", str(NUM_CTX), "--record-ends", str(ends)]
    arguments += ["--threads", str(len(os.sched_getaffinity(0)))]  # nothing else runs meanwhile
    with SmallOllama(arguments) as server:
        app = create_app(
            {
                "DATABASE_URL": f"sqlite:///{folder}/site.db",
                "CHATBOT_OLLAMA_URL": server.url,
                "CHATBOT_MODEL": server.model,
                "CHATBOT_NUM_CTX": NUM_CTX,
                "CHATBOT_NUM_PREDICT": size.answer,
                "CHATBOT_TEMPERATURE": 0.8,
            }
        )
        with app.app_context():
            db.create_all()
            seed()
            users = db.session.query(User).filter_by(role="renter").limit(1 + MOST_USERS).all()
            tokens = [issue_access_token(user) for user in users]
            ids = [user.id for user in users]
            site = _Site(app, ids, tokens, server.url, server.model, ends, size)
            db.session.remove()
        yield site


def _talk(site: _Site, users: Sequence[int], questions: Sequence[str]) -> list[list[Turn]]:
    """Let everybody ask one question after the other, by turns."""
    rounds = [[site.ask(user, question) for user in users] for question in questions]
    return [list(turns) for turns in zip(*rounds, strict=True)]


def _retell(site: _Site, talks: Mapping[int, Sequence[Turn]]) -> list[list[int]]:
    """Return what the original's prompts of the same conversations cost, in the same order."""
    rounds = [
        [
            site.ask_as_original(user, turn.question, turn.answer)
            for user, turn in zip(talks, turns, strict=True)
        ]
        for turns in zip(*talks.values(), strict=True)
    ]
    return [list(counts) for counts in zip(*rounds, strict=True)]
