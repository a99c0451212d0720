"""People and things of the rental site for browser tests, made through its own API."""

from __future__ import annotations

import json
import sqlite3
import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx

PASSWORD = "a long enough password"


def day(offset: int) -> str:
    """The site's date of today plus so many days, as ISO 8601."""
    return (datetime.now(ZoneInfo("UTC")).date() + timedelta(offset)).isoformat()


def day_words(iso: str) -> str:
    """A date as the pages write it."""
    value = date.fromisoformat(iso)
    return f"{value.day} {value:%B %Y}"


@dataclass
class Person:
    """Somebody with an account. `password` is what they log in with."""

    url: str
    email: str
    client: httpx.Client
    id: int
    password: str = PASSWORD

    def send(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Sends a request with the person's token and returns the answer's JSON."""
        answer = self.client.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def offer(self, daily_rate: float, **values: Any) -> dict[str, Any]:
        """Lists an instrument of the demo catalogue."""
        body = {"instrument_id": 1, "condition": "good", "location": "Reno, NV", **values}
        listing: dict[str, Any] = self.send(
            "POST", "/api/listings", {**body, "daily_rate": daily_rate}
        )
        return listing

    def rent(self, listing: dict[str, Any], start: str, end: str) -> dict[str, Any]:
        """Books a listing."""
        body = {"listing_id": listing["id"], "start_date": start, "end_date": end}
        rental: dict[str, Any] = self.send("POST", "/api/rentals", body)
        return rental

    def rentals(self) -> list[dict[str, Any]]:
        """What the person rents, latest start first."""
        found: list[dict[str, Any]] = self.send("GET", "/api/rentals")
        return found


def new_person(url: str, user_type: str = "renter") -> Person:
    """Registers somebody new."""
    client = httpx.Client(base_url=url, timeout=30, trust_env=False)
    email = f"{user_type}-{uuid.uuid4().hex[:12]}@example.com"
    account = {"email": email, "password": PASSWORD}
    register = {**account, "name": "Somebody New", "user_type": user_type}
    client.post("/api/auth/register", json=register).raise_for_status()
    answer = client.post("/api/auth/login", json=account).json()
    client.headers["Authorization"] = f"Bearer {answer['access_token']}"
    return Person(url, email, client, answer["user"]["id"])


def keep_answer(
    database_url: str, user_id: int, text: str, context_data: dict[str, Any] | None
) -> str:
    """Stores a question and its answer as the chat does; returns the session's id.

    :param database_url: of the site, on SQLite
    """
    session = str(uuid.uuid4())
    rows = [("user", "What can I rent?", None), ("assistant", text, json.dumps(context_data))]
    with sqlite3.connect(database_url.removeprefix("sqlite:///")) as connection:
        connection.executemany(
            "INSERT INTO chat_messages"
            " (user_id, session_id, message_type, content, context_data, created_at)"
            " VALUES (?, ?, ?, ?, ?, CURRENT_TIMESTAMP)",
            [(user_id, session, *row) for row in rows],
        )
    connection.close()
    return session
