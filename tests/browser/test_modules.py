"""The page's own modules, called in the browser: event streams, Markdown, links."""

from typing import Any, Protocol

import pytest
from playwright.sync_api import Page

PARSE_PIECES = """async ([module, pieces]) => {
  const { SseParser } = await import(module);
  const parser = new SseParser();
  return pieces.flatMap((piece) => parser.push(piece)).map(({ event, data }) => [event, data]);
}"""

PARSE_ALL_SPLITS = """async ([module, text]) => {
  const { SseParser } = await import(module);
  const results = new Set();
  for (let i = 0; i <= text.length; i += 1) {
    for (let j = i; j <= text.length; j += 1) {
      const parser = new SseParser();
      const pieces = [text.slice(0, i), text.slice(i, j), text.slice(j)];
      results.add(JSON.stringify(pieces.flatMap((piece) => parser.push(piece))));
    }
  }
  return [...results].map((result) => JSON.parse(result));
}"""

READ_BYTES = """async ([module, bytes, size]) => {
  const { readEvents } = await import(module);
  const body = new ReadableStream({
    start(controller) {
      for (let i = 0; i < bytes.length; i += size) {
        controller.enqueue(new Uint8Array(bytes.slice(i, i + size)));
      }
      controller.close();
    },
  });
  const events = [];
  for await (const event of readEvents(body, 5000)) events.push(event.data);
  return events;
}"""

READ_SILENCE = """async (module) => {
  const { readEvents } = await import(module);
  let cancelled = false;
  const body = new ReadableStream({ cancel() { cancelled = true; } });
  try {
    for await (const event of readEvents(body, 50)) return ["event", event];
  } catch (error) {
    return [error.message, cancelled];
  }
}"""

RENDER = """async ([module, texts]) => {
  const { renderMarkdown } = await import(module);
  const box = document.createElement("div");
  for (const text of texts) renderMarkdown(box, text);
  return box.innerHTML.replaceAll(' dir="auto"', "");
}"""

KEEPS_NODES = """async (module) => {
  const { renderMarkdown } = await import(module);
  const box = document.createElement("div");
  renderMarkdown(box, "one\\n\\ntwo");
  const first = box.firstElementChild;
  renderMarkdown(box, "one\\n\\ntwo and more");
  return first === box.firstElementChild && box.lastElementChild.textContent === "two and more";
}"""

OWN_HREF = """async ([module, url]) => (await import(module)).ownHref(url)"""

OWN_HREF_MOUNTED = """async ([module, urls]) => {
  document.documentElement.dataset.root = "/shop";
  const { ownHref } = await import(`${module}?mounted`);
  return urls.map((url) => ownHref(url)?.replace(location.origin, "") ?? null);
}"""


class LiveSite(Protocol):
    """A running site."""

    url: str


@pytest.fixture
def modules(page: Page, live_site: LiveSite) -> str:
    """The address of the folder that the page's scripts come from."""
    page.goto(f"{live_site.url}/")
    source: str = page.evaluate("document.querySelector('script[type=module]').src")
    return source.rsplit("/", 1)[0]


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        ("event: delta\ndata: a\n\n", [["delta", "a"]]),
        ("event: delta\r\ndata: a\r\n\r\n", [["delta", "a"]]),
        ("event: delta\rdata: a\r\r", [["delta", "a"]]),
        (": ping\n\ndata: a\n\n", [["message", "a"]]),
        ("data: a\ndata:  b\ndata\n\n", [["message", "a\n b\n"]]),
        ("event: delta\n\ndata: a\n\n", [["message", "a"]]),
        ("id: 7\nretry: 5\nnonsense\ndata:a:b\n\n", [["message", "a:b"]]),
        ("data: never finished\n", []),
    ],
)
def test_the_parser_follows_the_event_stream_rules(
    page: Page, modules: str, stream: str, events: list[list[str]]
) -> None:
    assert page.evaluate(PARSE_PIECES, [f"{modules}/sse.js", [stream]]) == events


def test_pieces_may_be_cut_anywhere(page: Page, modules: str) -> None:
    stream = "event: a\r\ndata: 1\r\n\r\n: ping\n\nevent: b\rdata: 2\rdata: 3\r\rdata: 4\n\n"
    results = page.evaluate(PARSE_ALL_SPLITS, [f"{modules}/sse.js", stream])
    assert results == [
        [
            {"event": "a", "data": "1"},
            {"event": "b", "data": "2\n3"},
            {"event": "message", "data": "4"},
        ],
    ]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
def test_characters_may_be_cut_between_their_bytes(page: Page, modules: str, size: int) -> None:
    body = list("data: Größe, 🎸\n\n".encode())
    assert page.evaluate(READ_BYTES, [f"{modules}/sse.js", body, size]) == ["Größe, 🎸"]


def test_a_silent_stream_is_given_up_and_closed(page: Page, modules: str) -> None:
    assert page.evaluate(READ_SILENCE, f"{modules}/sse.js") == ["The connection went silent.", True]


def test_an_endless_event_is_refused(page: Page, modules: str) -> None:
    with pytest.raises(Exception, match="too long"):
        page.evaluate(PARSE_PIECES, [f"{modules}/sse.js", ["data: " + "x" * 3_000_000]])


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("one\ntwo\n\nthree", "<p>one<br>two</p><p>three</p>"),
        (
            "**a** and *b* and _c_ and `d`",
            "<p><strong>a</strong> and <em>b</em> and <em>c</em> and <code>d</code></p>",
        ),
        ("snake_case_name and 2 * 3 * 4", "<p>snake_case_name and 2 * 3 * 4</p>"),
        ("- a\n- b\n\n- c", "<ul><li>a</li><li>b</li><li>c</li></ul>"),
        ("3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'),
        ("Take:\n1. a\n   more", "<p>Take:</p><ol><li>a<br>more</li></ol>"),
        ("## Title\ntext", '<p class="heading">Title</p><p>text</p>'),
        ("```py\n<b>\n```\nafter", '<pre tabindex="0"><code>&lt;b&gt;</code></pre><p>after</p>'),
        ("```\nunfinished", '<pre tabindex="0"><code>unfinished</code></pre>'),
        (
            "<b>x</b> & **<i>y</i>**",
            "<p>&lt;b&gt;x&lt;/b&gt; &amp; <strong>&lt;i&gt;y&lt;/i&gt;</strong></p>",
        ),
        ("[x](https://evil.example/)", "<p>x (https://evil.example/)</p>"),
        ("see https://evil.example/a.", "<p>see https://evil.example/a.</p>"),
        ("**open", "<p>**open</p>"),
        ("", ""),
    ],
)
def test_markdown_becomes_plain_nodes(page: Page, modules: str, text: str, html: str) -> None:
    assert page.evaluate(RENDER, [f"{modules}/markdown.js", [text]]) == html


def test_a_growing_text_ends_like_one_drawn_at_once(page: Page, modules: str) -> None:
    text = "Look:\n\n1. **one**\n2. two\n\n```\ncode\n```\n- x\n\nThe *end*."
    growing = [text[:end] for end in range(len(text) + 1)]
    module = f"{modules}/markdown.js"
    assert page.evaluate(RENDER, [module, growing]) == page.evaluate(RENDER, [module, [text]])


def test_finished_blocks_keep_their_nodes(page: Page, modules: str) -> None:
    assert page.evaluate(KEEPS_NODES, f"{modules}/markdown.js") is True


@pytest.mark.parametrize("mark", ["*", "**", "_", "`", "[", "](", "# ", "1. ", "- ", "```\n"])
def test_a_flood_of_marks_is_drawn_quickly(page: Page, modules: str, mark: str) -> None:
    page.set_default_timeout(5000)
    elapsed: float = page.evaluate(
        """async ([module, text]) => {
          const { renderMarkdown } = await import(module);
          const from = performance.now();
          renderMarkdown(document.createElement("div"), text);
          return performance.now() - from;
        }""",
        [f"{modules}/markdown.js", mark * 10_000],
    )
    assert elapsed < 2000


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "javascript:alert(1)",
        " java\nscript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "http://",
        "",
        None,
        {},
    ],
)
def test_foreign_addresses_are_no_links(page: Page, modules: str, url: Any) -> None:
    assert page.evaluate(OWN_HREF, [f"{modules}/links.js", url]) is None


def test_own_addresses_are_links(page: Page, modules: str, live_site: LiveSite) -> None:
    for url in ("/listings/1", f"{live_site.url}/listings/1", "listings/1"):
        assert (
            page.evaluate(OWN_HREF, [f"{modules}/links.js", url]) == f"{live_site.url}/listings/1"
        )


def test_addresses_of_the_site_lead_to_where_it_is_mounted(page: Page, modules: str) -> None:
    urls = [
        "/listings/7?start=2026-12-12",
        "/shop/rentals",
        "/shopping",
        "//evil.example/shop",
        "/",
    ]
    found = page.evaluate(OWN_HREF_MOUNTED, [f"{modules}/links.js", urls])
    assert found == [
        "/shop/listings/7?start=2026-12-12",
        "/shop/rentals",
        "/shop/shopping",
        None,
        "/shop/",
    ]
