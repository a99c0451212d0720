"""Time to the first token: through the site, and by the same request to the model server."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import httpx

from small_ollama import SmallOllama

from .figures import Figure

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from servers import RecordingModel, start_site, stop_site

RUNS = 30
QUESTION = "Which guitar suits a beginner?"


def measure(quick: bool = False) -> list[Figure]:
    """Return milliseconds to the first token, direct and through the site, and their difference.

    Requests alternate, so that both meet the same machine and the same cache of the model server.
    """
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "requests.jsonl"
        record.touch()
        with SmallOllama(["--record", str(record)]) as server:
            return _measure(RecordingModel(server, record), Path(folder), 2 if quick else RUNS)


def _measure(model: RecordingModel, folder: Path, runs: int) -> list[Figure]:
    site = start_site(
        folder,
        CHATBOT_OLLAMA_URL=model.url,
        CHATBOT_MODEL=model.model,
        CHATBOT_NUM_PREDICT="8",
        WEB_CONCURRENCY="1",
    )
    try:
        with site.log_in() as client, httpx.Client(trust_env=False, timeout=60) as direct:
            _through_site(client)  # imports LangChain and fills the model's cache
            sent = model.requests[-1]
            pairs = [(_direct(direct, model.url, sent), _through_site(client)) for _ in range(runs)]
    finally:
        stop_site(site)
    added = [through - alone for alone, through in pairs]
    return [
        Figure(
            "first token, one user",
            [through for _, through in pairs],
            "ms",
            alone=statistics.median(alone for alone, _ in pairs),
        ),
        Figure("first token, added by the site", added, "ms", 30),
    ]


def _direct(client: httpx.Client, url: str, body: object) -> float:
    began = time.perf_counter()
    with client.stream("POST", f"{url}/api/chat", json=body) as response:
        lines = response.iter_lines()
        next(lines)
        took = time.perf_counter() - began
        for _ in lines:
            pass
    return took * 1000


def _through_site(client: httpx.Client) -> float:
    began = time.perf_counter()
    took = 0.0
    with client.stream(
        "POST",
        "/api/chatbot/chat",
        json={"message": QUESTION},
        headers={"Accept": "text/event-stream"},
    ) as response:
        for line in response.iter_lines():
            if line == "event: delta" and not took:
                took = time.perf_counter() - began
    return took * 1000
