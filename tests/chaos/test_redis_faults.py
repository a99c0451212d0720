"""Redis is down at the start, comes, goes, flaps: chats go on, under several workers."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from chaos_parts import EchoModel, RedisServer, running_site
from servers import LiveSite


def ask(site: LiveSite, token: str, times: int = 6) -> list[int]:
    """Chat over connections of their own, so that any worker may get them."""
    headers = {"Authorization": token, "Connection": "close"}
    with httpx.Client(base_url=site.url, headers=headers, timeout=60, trust_env=False) as client:
        body = {"message": "Hello in 1 words"}
        return [client.post("/api/chatbot/chat", json=body).status_code for _ in range(times)]


def metric(site: LiveSite, name: str) -> float:
    text = httpx.get(f"{site.url}/metrics", trust_env=False).text
    found = re.search(rf"^{name} (.*)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def is_degraded(site: LiveSite) -> bool:
    return metric(site, "chatbot_limits_degraded") > 0


def wait_until_all_are_back(site: LiveSite, token: str) -> None:
    deadline = time.monotonic() + 60
    while is_degraded(site) or metric(site, "chatbot_queue_fallback"):
        assert time.monotonic() < deadline
        ask(site, token, 4)


@contextmanager
def flapping(redis: RedisServer) -> Iterator[None]:
    """Stop and start it without end while the block runs; it is down afterwards."""
    done = threading.Event()

    def flap() -> None:
        while not done.wait(0.5):
            redis.start()
            done.wait(0.5)
            redis.stop()

    thread = threading.Thread(target=flap)
    thread.start()
    yield
    done.set()
    thread.join()


def test_chats_go_on_whatever_redis_does(echo_model: EchoModel, tmp_path: Path) -> None:
    redis = RedisServer(tmp_path)
    redis.stop()
    settings = {
        "CHATBOT_OLLAMA_URL": echo_model.url,
        "CHATBOT_REDIS_URL": redis.url,
        "CHATBOT_MAX_TURNS_PER_MINUTE": "60",
        "CHATBOT_MAX_READS_PER_MINUTE": "10000",
        "WEB_CONCURRENCY": "2",
    }
    with running_site(tmp_path, **settings) as site, site.log_in() as client:
        token = client.headers["Authorization"]
        assert ask(site, token) == [200] * 6, "down at the start"
        assert is_degraded(site)
        redis.start()
        wait_until_all_are_back(site, token)
        redis.stop()
        assert ask(site, token) == [200] * 6, "it has just gone"
        assert is_degraded(site)
        with flapping(redis):
            assert ask(site, token, 20) == [200] * 20
        # The workers count together meanwhile: there still is a limit.
        assert any(429 in ask(site, token, 20) for _ in range(20))
        assert client.get("/api/chatbot/sessions").status_code == 200
    log = (tmp_path / "server.log").read_text()
    assert "Rate limit storage unreachable" in log
    assert redis.url not in log
