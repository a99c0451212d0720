"""Users who chat without a pause, and note what they were promised."""

from __future__ import annotations

import contextlib
import itertools
import json
import random
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

CHAT = "/api/chatbot/chat"
ACCOUNT_PASSWORD = "a-long-password"


@dataclass
class Asked:
    """One question, and what its user was told of it.

    :param key: sent as ``Idempotency-Key``; such a question is asked again when its answer breaks
    :param accepted: whether the site has said that it is stored
    :param answer: the whole answer, if the user got it
    """

    mark: str
    key: str | None = None
    accepted: bool = False
    answer: str | None = None
    ends: list[str] = field(default_factory=list)


class User:
    """One user in several tabs.

    :param stop: ends the user's loop
    """

    def __init__(self, number: int, url: str, stop: threading.Event) -> None:
        self.number, self.stop = number, stop
        self.asked: list[Asked] = []
        self.client = httpx.Client(base_url=url, timeout=30, trust_env=False)
        self.chance = random.Random(number)
        self._marks = (f"mark-{number}-{n}" for n in itertools.count())

    def register(self) -> None:
        """Make an account and log in."""
        account = {"email": f"u{self.number}@example.com", "password": ACCOUNT_PASSWORD}
        new = {**account, "name": "U", "user_type": "renter"}
        self.client.post("/api/auth/register", json=new).raise_for_status()
        token = self.client.post("/api/auth/login", json=account).json()["access_token"]
        self.client.headers["Authorization"] = f"Bearer {token}"

    def chat(self) -> None:
        """Ask one question after the other until told to stop."""
        with contextlib.closing(self.client):
            while not self.stop.is_set():
                self._ask_until_answered()

    def _ask_until_answered(self) -> None:
        """Ask one question; one with a key again, as long as it breaks."""
        asked = Asked(next(self._marks), str(uuid.uuid4()) if self._happens(0.6) else None)
        self.asked.append(asked)
        session_id = f"tab-{self.chance.randrange(3)}"
        for _ in range(8 if asked.key else 1):
            asked.ends.append(self._ask_once(asked, session_id))
            if asked.answer is not None or asked.ends[-1] in ("409", "left"):
                break
            time.sleep(self.chance.uniform(0.1, 1.0))

    def _happens(self, share: float) -> bool:
        return self.chance.random() < share

    def _ask_once(self, asked: Asked, session_id: str) -> str:
        """Ask, and return how it ended, in a word."""
        headers = {"Idempotency-Key": asked.key} if asked.key else {}
        body = {"message": f"What about {asked.mark}?", "session_id": session_id}
        try:
            if self._happens(0.25):
                return self._ask_json(asked, body, headers)
            return self._ask_stream(asked, body, headers)
        except httpx.TransportError as error:
            return type(error).__name__

    def _ask_json(self, asked: Asked, body: Any, headers: dict[str, str]) -> str:
        response = self.client.post(CHAT, json=body, headers=headers)
        if response.status_code == 200:
            asked.accepted, asked.answer = True, response.json()["assistant_response"]
        return _told(response)

    def _ask_stream(self, asked: Asked, body: Any, headers: dict[str, str]) -> str:
        headers = {**headers, "Accept": "text/event-stream"}
        leaves = not asked.key and self._happens(0.1)
        with self.client.stream("POST", CHAT, json=body, headers=headers) as response:
            if response.status_code != 200:
                response.read()
                return _told(response)
            for name, data in _events(response.iter_lines()):
                if name == "start":
                    asked.accepted = True
                elif name == "done":
                    asked.answer = data["assistant_response"]
                    return "done"
                elif name == "error":
                    return str(data["errors"].get("reason"))
                elif leaves:
                    return "left"
        return "cut"


def _told(response: httpx.Response) -> str:
    """Return the status and, if there is one, the reason."""
    reason = response.json().get("errors", {}).get("reason", "")
    return f"{response.status_code} {reason}".strip()


def _events(lines: Iterator[str]) -> Iterator[tuple[str, Any]]:
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))
