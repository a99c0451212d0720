"""Links in prose lead only to known hosts, in the stream as in the answer."""

from __future__ import annotations

import dataclasses
import random
import re
from typing import Any

import pytest
from client import SSE, events_of
from host import Host
from hypothesis import given
from hypothesis import strategies as st

from flask_smorest_chatbot.services.reading.links import LONGEST_ADDRESS, LinkFilter, host_of

KNOWN = ["shop.example"]
EVIL = "https://evil.example/login?next=1"

CASES = {
    # -- kept
    "https://shop.example/items/1": "https://shop.example/items/1",
    "Look: http://SHOP.example:8000/a?b=c#d!": "Look: http://SHOP.example:8000/a?b=c#d!",
    "www.shop.example, please": "www.shop.example, please",
    "[the FG800](/listings/66?start=2026-12-12)": "[the FG800](/listings/66?start=2026-12-12)",
    "[it](https://shop.example/1), [top](#top)": "[it](https://shop.example/1), [top](#top)",
    "Prices: $18.00 a day, and/or less; 3:4 http: is slow": None,
    "a[0](b) is code, ] is a bracket, with h at the end of www": "a[0] is code, ] is a bracket,"
    " with h at the end of www",
    # -- taken out
    "l'www.evil.example x'https://evil.example I'd javascript:x": "l'(link removed) "
    "x'(link removed) I'd (link removed)",
    f"See {EVIL}.": "See (link removed).",
    f"Click [here]({EVIL}) now": "Click [here] now",
    f"[here](<{EVIL}>)": "[here]",
    f"**{EVIL}**": "**(link removed)**",
    f"<{EVIL}> `{EVIL}` ({EVIL})": "<(link removed)> `(link removed)` ((link removed))",
    f'<a href="{EVIL}">': '<a href="(link removed)">',
    "HTTPS://EVIL.example www.evil.example": "(link removed) (link removed)",
    "http:/evil.example http:evil.example": "(link removed) (link removed)",
    "[x](//evil.example) [x](/\\evil.example) [x](evil)": "[x] [x] [x]",
    "[x](javascript:alert`1`) [x](data:text/html,x)": "[x] [x]",
    "[our offer](z:z)(javascript:alert`1`) [x](z:z)(//evil.example)": "[our offer] [x]",
    "[x]( //evil.example) [x](\n//evil.example)": "[x] [x]",
    "[1]: //evil.example\n[2]: javascript:alert": "[1]: (link removed)\n[2]: (link removed)",
    '<a href="//evil.example"> <img src=//evil.example/x>': '<a href="(link removed)">'
    " <img src=(link removed)>",
    "ftp://evil.example mailto://x": "ftp:(link removed) mailto:(link removed)",
    "http://shop.example@evil.example": "(link removed)",
    "http://shop.example\\@evil.example": "(link removed)",
    "http://evil.example\\.shop.example": "(link removed)",
    "http://shop.example.evil.example": "(link removed)",
    "http://[::1": "(link removed)[::1",
    "http://" + "a" * LONGEST_ADDRESS + " b": "(link removed) b",
    "[x](https://shop.example/" + "a" * LONGEST_ADDRESS + ") b": "[x] b",
}


def read(text: str, sizes: Any = None) -> str:
    """Return the text, fed in pieces."""
    links = LinkFilter([*KNOWN, "www.shop.example"])
    told, at = "", 0
    while at < len(text):
        size = sizes() if sizes else len(text)
        told += links.feed(text[at : at + size])
        at += size
    return told + links.finish()


@pytest.mark.parametrize(("text", "told"), CASES.items())
def test_only_links_to_known_hosts_stay(text: str, told: str | None) -> None:
    assert read(text) == (text if told is None else told)


@pytest.mark.parametrize("text", CASES)
def test_it_does_not_matter_where_pieces_end(text: str) -> None:
    whole = read(text)
    assert read(text, lambda: 1) == whole
    rng = random.Random(len(text))
    for _ in range(20):
        assert read(text, lambda: rng.randint(1, 9)) == whole


PARTS = ["http", "https", ":", "/", "//", "www.", "](", "[", ")", "evil.example", "shop.example",
         " ", "\n", "x", "@", "\\", ".", "<", ">", "h", "w", "javascript:", "'", "data:",
         "d"]  # fmt: skip


@given(st.lists(st.sampled_from(PARTS), max_size=12), st.integers(1, 5))
def test_no_strange_address_comes_through(parts: list[str], size: int) -> None:
    text = "".join(parts)
    told = read(text)
    assert read(text, lambda: size) == told
    assert "://evil" not in told
    # Within a word no address begins: nothing makes a link of "httphttp:http".
    for address in re.findall(r"(?<![A-Za-z0-9])https?:[^\s<>()\[\]{}]+", told):
        if (said := address.rstrip(".:")) not in ("http", "https"):
            assert host_of(said) in {*KNOWN, "www.shop.example"}


def ask(host: Host, user: Any, **headers: str) -> Any:
    return host.app.test_client().post(
        "/api/chatbot/chat", json={"message": "Hi"}, headers=host.headers(user, **headers)
    )


SAID = ["Take the Yamaha FG800: ht", "tps://evil.exa", "mple/x or [here](http", "://evil.example)",
        " or https://shop.exa", "mple/1 or http://localhost/items/17."]  # fmt: skip
TOLD = "Take the Yamaha FG800: (link removed) or [here] or {} or http://localhost/items/17."


@pytest.mark.parametrize("accept", ["application/json", SSE])
def test_an_answer_links_only_to_the_site(host: Host, user: Any, accept: str) -> None:
    host.chat_model.scripts = [list(SAID)]
    answer = ask(host, user, Accept=accept)
    if accept == SSE:
        events = events_of(answer.text)
        streamed = "".join(data["content"] for name, data in events if name == "delta")
        body = events[-1][1]
        assert streamed == body["assistant_response"]
    else:
        body = answer.json
    assert body["assistant_response"] == TOLD.format("(link removed)")
    assert "https://evil.example/x" in body["context"]["ungrounded"]
    assert [item["id"] for item in body["recommendations"]] == [17]


def test_hosts_of_offered_items_and_configured_ones_may_be_linked(build_host: Any) -> None:
    for settings in ({"CHATBOT_ALLOWED_LINK_HOSTS": "x.example, shop.example"}, {}):
        host = build_host(**settings)
        if not settings:
            item = dataclasses.replace(host.catalog[0], url="https://shop.example/items/17")
            host.catalog[0] = item
        host.chat_model.scripts = [list(SAID)]
        told = ask(host, host.add_user()).json["assistant_response"]
        assert told == TOLD.format("https://shop.example/1")
