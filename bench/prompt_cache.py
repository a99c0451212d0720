"""Tokens that the model server evaluates in a conversation: ours, and the original's flat prompt.

Both talk with the same real small model about the same demo catalogue; what is counted is what the
engine says that it evaluated (``prompt_n``) and reused (``cache_n``).
"""

from __future__ import annotations

import json
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
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
from app.models import User
from app.services.tokens import issue_access_token
from small_ollama import SmallOllama

from .baseline import app as original
from .figures import Curve, Figure

NUM_CTX = 4096
MOST_USERS = 4
LATER = 10  # the turn whose first token is compared with the second's

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
Thank you. What should I look at when I pick it up?
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
    :param turns_behind: of the original with its catalogue behind the conversation, where a turn
        takes so long, and each as long as the others, that some must do
    :param users: who take turns, each ``rounds`` times
    :param answer: tokens of an answer at most
    :param letters: how much of the original's prompt is sent; None for all of it
    """

    turns: int = len(QUESTIONS)
    turns_behind: int = 6
    users: int = 4
    rounds: int = 2
    answer: int = 128
    letters: int | None = None


QUICK = Size(turns=2, turns_behind=1, users=2, rounds=1, answer=8, letters=1000)


@dataclass(frozen=True)
class Turn:
    """What one turn cost.

    :param evaluated: tokens of the prompt that the engine had to read
    :param reused: tokens of the prompt that it had read before
    :param answered: tokens of the answer
    :param first_token: seconds until there was text
    """

    evaluated: int
    reused: int
    answered: int
    first_token: float

    @property
    def taken(self) -> int:
        """Tokens of prompt and answer together."""
        return self.evaluated + self.reused + self.answered


#: Asks a question and returns the seconds until the first text.
Ask = Callable[[str], float]


def measure(quick: bool = False) -> list[Figure]:
    """Return tokens evaluated in a conversation, alone and by turns with others, both ways."""
    size = QUICK if quick else Size()
    with tempfile.TemporaryDirectory() as folder, _site(Path(folder), size) as site:
        [ours] = _talk(site, [site.ours(0)], QUESTIONS[: size.turns])
        [flat] = _talk(site, [site.original(0)], QUESTIONS[: size.turns])
        behind = site.original(0, catalogue_behind)
        [slow] = _talk(site, [behind], QUESTIONS[: size.turns_behind])
        some = QUESTIONS[: size.rounds]
        others = range(1, 1 + size.users)
        shared = _talk(site, [site.ours(user) for user in others], some)
        shared_flat = _talk(site, [site.original(user) for user in others], some)
    return [
        *_conversation(ours, flat, slow),
        *_by_turns(shared, shared_flat),
        *_curve(ours, flat),
    ]


def _conversation(ours: Sequence[Turn], flat: Sequence[Turn], slow: Sequence[Turn]) -> list[Figure]:
    what = f"tokens evaluated a turn, {len(ours)} turns"
    mean = _mean(ours)
    figures = [
        Figure(what, [mean], "tokens", _mean(flat) / 4, original=_mean(flat)),
        Figure(
            f"{what}, the original's catalogue behind the conversation",
            [mean],
            "tokens",
            _mean(slow) / 4,
            original=_mean(slow),
        ),
        Figure("longest prompt and answer", [max(t.taken for t in ours)], "tokens", NUM_CTX),
    ]
    if len(ours) < LATER:
        return figures
    second, later = ours[1].first_token, ours[LATER - 1].first_token
    ratio = Figure("first token of turn 10 against turn 2", [later / second], "times", 1.5)
    return [*figures, ratio]


def _by_turns(ours: Sequence[Sequence[Turn]], flat: Sequence[Sequence[Turn]]) -> list[Figure]:
    what = f"tokens evaluated a turn, {len(ours)} users by turns on one slot"
    all_ours, all_flat = chain(*ours), chain(*flat)
    return [Figure(what, [_mean(list(all_ours))], "tokens", original=_mean(list(all_flat)))]


def _curve(ours: Sequence[Turn], flat: Sequence[Turn]) -> list[Figure]:
    return [
        Figure(
            f"tokens evaluated in turn {number}",
            [mine.evaluated],
            "tokens",
            original=other.evaluated,
            curve=Curve("Tokens evaluated per turn", "turn", number, is_logarithmic=False),
            is_row=False,
        )
        for number, (mine, other) in enumerate(zip(ours, flat, strict=True), start=1)
    ]


def _mean(turns: Sequence[Turn]) -> float:
    return statistics.mean(turn.evaluated for turn in turns)


def catalogue_behind(prompt: str) -> str:
    """Return the original's prompt with the catalogue behind the conversation."""
    found = re.fullmatch(
        r"(.*\n)(Available instruments:.*?\n\n)(Conversation so far:.*\n\n)(User: .*)",
        prompt,
        re.DOTALL,
    )
    assert found, "the original's prompt has another layout"
    return found[1] + found[3] + found[2] + found[4]


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

    def ours(self, user: int) -> Ask:
        """Return how a user asks the site, in a session of their own."""
        client = self.app.test_client()
        headers = {"Authorization": f"Bearer {self.tokens[user]}", "Accept": "text/event-stream"}

        def ask(question: str) -> float:
            body = {"message": question, "session_id": f"bench-{user}"}
            began, first = time.perf_counter(), 0.0
            answer = client.post("/api/chatbot/chat", json=body, headers=headers)
            for piece in answer.response:
                if not first and b"event: delta" in piece:
                    first = time.perf_counter() - began
            return first

        return ask

    def original(self, user: int, layout: Callable[[str], str] = str) -> Ask:
        """Return how the original asked the model server for a user: everything in one text.

        :param layout: changes the text
        """
        said, user_id = f"original-{time.monotonic_ns()}", self.user_ids[user]

        def ask(question: str) -> float:
            with self.app.app_context():
                prompt = original.prompt_of(user_id, said, question)
                answer, first = self._answer(layout(prompt)[: self.size.letters])
                original._store(user_id, said, "user", question)
                original._store(user_id, said, "assistant", answer)
            return first

        return ask

    def _answer(self, prompt: str) -> tuple[str, float]:
        options = {"num_ctx": NUM_CTX, "num_predict": self.size.answer, "temperature": 0}
        messages = [{"role": "user", "content": prompt}]
        body = {"model": self.model, "messages": messages, "options": options}
        text, began, first = "", time.perf_counter(), 0.0
        with httpx.stream("POST", f"{self.url}/api/chat", json=body, timeout=300) as response:
            for line in response.iter_lines():
                text += json.loads(line)["message"]["content"]
                first = first or time.perf_counter() - began
        return text, first

    def last_end(self) -> dict[str, Any]:
        """Return the last line of the last answer."""
        end: dict[str, Any] = json.loads(self.ends.read_text().splitlines()[-1])
        return end


@contextmanager
def _site(folder: Path, size: Size) -> Iterator[_Site]:
    ends = folder / "ends.jsonl"
    arguments = ["--slots", "1", "--num-ctx", str(NUM_CTX), "--record-ends", str(ends)]
    with SmallOllama(arguments) as server:
        app = create_app(
            {
                "DATABASE_URL": f"sqlite:///{folder}/site.db",
                "CHATBOT_OLLAMA_URL": server.url,
                "CHATBOT_MODEL": server.model,
                "CHATBOT_NUM_CTX": NUM_CTX,
                "CHATBOT_NUM_PREDICT": size.answer,
                "CHATBOT_TEMPERATURE": 0,
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


def _talk(site: _Site, askers: Sequence[Ask], questions: Sequence[str]) -> list[list[Turn]]:
    """Let everybody ask one question after the other, by turns."""
    turns: list[list[Turn]] = [[] for _ in askers]
    for question in questions:
        for ask, mine in zip(askers, turns, strict=True):
            first = ask(question)
            end = site.last_end()
            counts = end["engine"]
            mine.append(Turn(counts["prompt_n"], counts["cache_n"], end["eval_count"], first))
    return turns
