"""The ways in which a model server can fail, as scripts, and what must come of each."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from faulty_server import DONE, HELLO, Script, Then, line, refusal, reply

HALF = reply(line("Half "))
OUT_OF_MEMORY = b'{"error": "model requires more system memory (5.6 GiB) than is available"}'
PAGE = b"<!DOCTYPE html>\n<html><body>Sign in to the network</body></html>\n"


@dataclass(frozen=True)
class Fault:
    """One fault and what must come of it.

    :param kept: what of the answer is stored
    :param asked: how many requests the server gets: a server that may recover is asked again
    """

    script: Script
    status: int
    reason: str
    kept: str = ""
    asked: int = 1
    settings: Mapping[str, Any] = field(default_factory=dict)


FIRST = {"CHATBOT_FIRST_TOKEN_TIMEOUT": 0.4}
SILENCE = {"CHATBOT_TOKEN_TIMEOUT": 0.4}
WORDS = [line(f"word {number} ") for number in range(6000)]

FAULTS = {
    "no answer": Fault([], 504, "first_token_timeout", settings=FIRST),
    "slow first token": Fault([3.0, HELLO], 504, "first_token_timeout", settings=FIRST),
    "head, then silence": Fault([reply()], 504, "first_token_timeout", settings=FIRST),
    "silence in mid-answer": Fault([HALF], 504, "token_timeout", "Half", settings=SILENCE),
    "too slow in all": Fault(
        [reply(), *itertools.chain(*[[line("more "), 0.1]] * 20)],
        504,
        "turn_timeout",
        "more more",
        settings={"CHATBOT_TURN_TIMEOUT": 0.7},
    ),
    "hangs up at once": Fault([Then.HANG_UP], 502, "broken_connection", asked=3),
    "reset at once": Fault([Then.RESET], 502, "broken_connection", asked=3),
    "no HTTP": Fault([b"SSH-2.0-OpenSSH_9.2\r\n", Then.HANG_UP], 502, "broken_connection", asked=3),
    "half a head": Fault([HALF[:20], Then.HANG_UP], 502, "broken_connection", asked=3),
    "reset in mid-answer": Fault([HALF, 0.3, Then.RESET], 502, "broken_connection", "Half"),
    "length not kept": Fault(
        [refusal("200 OK", line("Half ") + b" " * 90)[:-50], Then.HANG_UP],
        502,
        "broken_connection",
        "Half",
    ),
    "end without done": Fault([HALF, Then.HANG_UP], 502, "incomplete", "Half"),
    "nothing": Fault([reply(), Then.HANG_UP], 502, "incomplete"),
    "garbage line": Fault([HALF, b"garbage\n"], 502, "garbled", "Half"),
    "another JSON": Fault([HALF, b"[1]\n"], 502, "garbled", "Half"),
    "no text": Fault([HALF, b'{"message": {"content": 7}}\n'], 502, "garbled", "Half"),
    "half a line": Fault([HALF, line("an answer")[:30], Then.HANG_UP], 502, "garbled", "Half"),
    "no UTF-8": Fault([HALF, b"\xff\xfe\x80\n"], 502, "garbled", "Half"),
    "page of a proxy": Fault([refusal("200 OK", PAGE, "Content-Type: text/html")], 502, "garbled"),
    "line of 10 MB": Fault([reply(line("a" * 10_000_000), DONE)], 502, "too_long"),
    "line without end": Fault([reply(b'{"x": "' + b"a" * 10_000_000)], 502, "too_long"),
    "lines without text": Fault([reply(*[line()] * 20_000)], 502, "too_long"),
    "text without end": Fault([reply(*WORDS)], 502, "too_long", "word 0 word 1"),
    "page without end": Fault([refusal("500 Oops", b"a" * 10_000_000)], 502, "too_long"),
    "same word for ever": Fault([reply(*[line("la ")] * 4000)], 502, "repetition", "la la"),
    "same blank for ever": Fault([reply(*[line("\n")] * 4000)], 502, "repetition"),
    "error in the stream": Fault([HALF, b'{"error": "secret"}\n'], 502, "model_error", "Half"),
    "no such model": Fault([refusal("404 Not Found")], 503, "model_missing"),
    "busy": Fault([refusal("503 Service Unavailable")], 503, "model_busy", asked=3),
    "too many requests": Fault([refusal("429 Too Many Requests")], 503, "model_busy"),
    "out of memory": Fault(
        [refusal("500 Internal Server Error", OUT_OF_MEMORY)], 502, "model_error", asked=3
    ),
    "bad gateway": Fault([refusal("502 Bad Gateway", PAGE)], 502, "model_error", asked=3),
    "refused request": Fault([refusal("401 Unauthorized")], 502, "model_error"),
    "redirect": Fault([refusal("302 Found", b"", "Location: /x")], 502, "redirected"),
    "empty answer": Fault([reply(line(), DONE)], 502, "empty_answer"),
    "only loaded": Fault(
        [reply(line(done=True, done_reason="load")), Then.HANG_UP], 502, "incomplete"
    ),
}


@dataclass(frozen=True)
class Oddity:
    """What is odd and yet an answer."""

    script: Script
    text: str
    truncated: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)


ODDITIES = {
    "JSON split at every byte": Oddity(
        [bytes([byte]) for byte in reply(line("Grüß \U0001f600 "), line("dich."), DONE)],
        "Grüß \U0001f600 dich.",
    ),
    "UTF-8 split at every byte": Oddity(
        [bytes([byte]) for byte in HELLO.replace(b"Hello", "Grüß\u0085d\u2028ich".encode())],
        "Grüßd\u2028ich.",
    ),
    "no UTF-8 in the text": Oddity(
        [HELLO.replace(b"ello", b"\xff\xc2llo\xe2\x80")], "H\ufffd\ufffdllo\ufffd."
    ),
    "line breaks of Unicode": Oddity(
        [HELLO.replace(b"ello", "e\u2028l\u2029l\u0085o".encode())], "He\u2028l\u2029lo."
    ),
    "no room for more": Oddity(
        [reply(line("Hello."), line(done=True, done_reason="length"))], "Hello.", truncated=True
    ),
    "a minute of loading": Oddity(
        [1.0, HELLO],
        "Hello.",
        settings={"CHATBOT_TOKEN_TIMEOUT": 0.3, "CHATBOT_FIRST_TOKEN_TIMEOUT": 30},
    ),
    "stays open after done": Oddity([HELLO], "Hello."),
    "hangs up after done": Oddity([HELLO, Then.RESET], "Hello."),
}
