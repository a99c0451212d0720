"""`/recommend-for-me` with the real model: something that can be rented, for whoever asks.

``RECOMMEND_RUNS=100`` runs it for as many profiles as the promise names.
"""

from __future__ import annotations

import os
import random
import uuid
from decimal import Decimal
from typing import Any

import httpx
from servers import LiveSite

RUNS = int(os.environ.get("RECOMMEND_RUNS", "4"))
LIMITS = {"0-25": 25, "25-50": 50, "50-100": 100, "100+": 10**6}
LIKED = ["guitar", "piano", "drums", "violin", "ukulele", "trumpet", "synthesizer", "nothing yet"]
PLACES = ["Austin, TX", "Seattle, WA", "Nowhere", ""]


def new_user(client: httpx.Client, chance: random.Random) -> tuple[dict[str, str], str | None]:
    """Register somebody with a survey, or without one; return headers and budget."""
    account = {"email": f"{uuid.uuid4().hex}@example.com", "password": "a-long-password"}
    new = {**account, "name": "Ann", "user_type": "renter"}
    assert client.post("/api/auth/register", json=new).status_code == 201
    token = client.post("/api/auth/login", json=account).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    if chance.random() < 0.1:
        return headers, None
    budget = chance.choice(list(LIMITS))
    survey: dict[str, Any] = {
        "experience_level": chance.choice(["beginner", "intermediate", "advanced"]),
        "preferred_instruments": chance.sample(LIKED, 2),
        "budget_range": budget,
        "favorite_genres": [],
    }
    if place := chance.choice(PLACES):
        survey["location"] = place
    answer = client.post("/api/survey", json=survey, headers=headers)
    assert answer.status_code == 201, answer.text
    return headers, budget


def test_everybody_is_recommended_something_that_can_be_rented(live_site: LiveSite) -> None:
    chance = random.Random(7)
    with httpx.Client(base_url=live_site.url, timeout=120, trust_env=False) as client:
        for _ in range(RUNS):
            headers, budget = new_user(client, chance)
            answer = client.post("/api/chatbot/recommend-for-me", json={}, headers=headers)
            assert answer.status_code == 200, answer.text
            items = answer.json()["recommendations"]
            assert items, answer.text
            for item in items:
                check(client, item, LIMITS[budget] if budget else None)


def check(client: httpx.Client, item: dict[str, Any], most: int | None) -> None:
    """The listing is there, free today, at the price told, and within the budget."""
    listing = client.get(f"/api/listings/{item['id']}").json()
    assert listing["is_available"], item
    assert Decimal(item["price"]["amount"]) == Decimal(str(listing["daily_rate"]))
    assert most is None or Decimal(item["price"]["amount"]) <= most
    start, end = item["available"]["from"], item["available"]["to"]
    assert end is None or start < end
    assert all(reason["fact"] for reason in item["reasons"])
