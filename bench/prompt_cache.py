"""Tokens that the model server evaluates in a conversation: ours, and the original's flat prompt.

Both talk with the same real small model about the same demo catalogue; what is counted is what the
engine says that it evaluated (``prompt_n``) and reused (``cache_n``).
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from flask.testing import FlaskClient

from app import create_app
from app.demo.seed import seed
from app.extensions import db
from app.models import User
from app.services.chatbot_service import PERSONA, profile_of
from app.services.tokens import issue_access_token
from small_ollama import SmallOllama

from .baseline.flat_prompt import FIRST_ROWS, flat_prompt
from .catalog import load_row_by_row
from .figures import Figure

NUM_CTX = 4096
NUM_PREDICT = 256
USERS = 4

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


def measure() -> list[Figure]:
    """Return tokens evaluated in a conversation, alone and by turns with others, both ways."""
    with tempfile.TemporaryDirectory() as folder, _site(Path(folder)) as site:
        ours = [_talk(site, [site.ours(0)], QUESTIONS)[0]]
        flat = [_talk(site, [site.flat()], QUESTIONS)[0]]
    return figures(ours[0], flat[0])


def figures(ours: Sequence[Turn], flat: Sequence[Turn]) -> list[Figure]:
    """Return what is shown of two conversations."""
    return [
        Figure("tokens evaluated in 40 turns", [sum(t.evaluated for t in ours)], "tokens"),
        Figure("tokens evaluated, flat prompt", [sum(t.evaluated for t in flat)], "tokens"),
    ]


@dataclass
class _Site:
    """The rental site with its demo, and the model server that it asks."""

    client: FlaskClient
    tokens: list[str]
    persona: str
    profile: dict[str, Any]
    rows: list[dict[str, Any]]
    url: str
    model: str
    ends: Path

    def ours(self, user: int) -> Ask:
        """Return how a user asks the site, in a session of their own."""
        headers = {"Authorization": f"Bearer {self.tokens[user]}", "Accept": "text/event-stream"}

        def ask(question: str) -> float:
            body = {"message": question, "session_id": f"bench-{user}"}
            began, first = time.perf_counter(), 0.0
            answer = self.client.post("/api/chatbot/chat", json=body, headers=headers)
            for piece in answer.response:
                if not first and b"event: delta" in piece:
                    first = time.perf_counter() - began
            return first

        return ask

    def flat(self) -> Ask:
        """Return how the original asked the model server."""
        said: list[tuple[str, str]] = []

        def ask(question: str) -> float:
            prompt = flat_prompt(self.persona, self.profile, self.rows, said, question)
            answer, first = self._answer(prompt)
            said.extend([("User", question), ("Assistant", answer)])
            return first

        return ask

    def _answer(self, prompt: str) -> tuple[str, float]:
        options = {"num_ctx": NUM_CTX, "num_predict": NUM_PREDICT, "temperature": 0}
        body = {
            "model": self.model,
            "messages": [{"role": "user", "content": prompt}],
            "options": options,
        }
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
def _site(folder: Path) -> Iterator[_Site]:
    ends = folder / "ends.jsonl"
    arguments = ["--slots", "1", "--num-ctx", str(NUM_CTX), "--record-ends", str(ends)]
    with SmallOllama(arguments) as server:
        app = create_app(
            {
                "DATABASE_URL": f"sqlite:///{folder}/site.db",
                "CHATBOT_OLLAMA_URL": server.url,
                "CHATBOT_MODEL": server.model,
                "CHATBOT_NUM_CTX": NUM_CTX,
                "CHATBOT_NUM_PREDICT": NUM_PREDICT,
                "CHATBOT_TEMPERATURE": 0,
            }
        )
        with app.app_context():
            db.create_all()
            seed()
            users = db.session.query(User).filter_by(role="renter").limit(USERS).all()
            tokens = [issue_access_token(user) for user in users]
            profile, rows = profile_of(users[0]).as_json(), load_row_by_row()[:FIRST_ROWS]
            db.session.remove()
        yield _Site(
            app.test_client(), tokens, PERSONA, profile, rows, server.url, server.model, ends
        )


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
