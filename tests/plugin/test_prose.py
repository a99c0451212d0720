"""What the model writes, split into prose and data wherever its pieces end."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_smorest_chatbot.services.prose import ProseFilter, cited_items

BLOCK = '<recommendations>[{"id": 17, "reason": "Easy."}]</recommendations>'

CASES: dict[str, tuple[str, str, int]] = {
    "plain": ("Just prose.", "Just prose.", 0),
    "tagged": (f"Take it.\n\n{BLOCK}", "Take it.", 1),
    "tag in capitals": ("Take it. " + BLOCK.upper(), "Take it.", 1),
    "prose after the block": (f"Before.\n{BLOCK}\nAfter.", "Before.\n\nAfter.", 1),
    "only a block": (BLOCK, "", 1),
    "two blocks": (f"A {BLOCK} B {BLOCK}", "A  B", 2),
    "fenced": ('Take it:\n```json\n[{"id": 17}]\n```', "Take it:", 1),
    "fenced without a language": ('Yes.\n```\n{"recommendations": [{"id": 1}]}\n```', "Yes.", 1),
    "bare": ('Take it. [{"id": 17, "reason": "x"}]', "Take it.", 1),
    "bare object": ('Take it. {"recommendations": [{"id": 17}]} Bye.', "Take it.  Bye.", 1),
    "trailing comma": ('Take it. [{"id": 17,}, ]', "Take it.", 1),
    "single quotes": ("Take it. [{'id': 17, 'reason': 'nice'}]", "Take it.", 1),
    "cut tag": ('Take it. <recommendations>[{"id": 17, "rea', "Take it.", 1),
    "cut opening": ("Take it. <recommen", "Take it.", 0),
    "cut fence": ('Take it.\n```json\n[{"id": 17}', "Take it.", 1),
    "brackets in strings": ('Yes. [{"id": 1, "reason": "a ] b } c"}] ok', "Yes.  ok", 1),
    "other code stays": ("Tab:\n```\ne|--0--2--|\n```\nGo.", "Tab:\n```\ne|--0--2--|\n```\nGo.", 0),
    "other json stays": ('Send {"volume": 11} now.', 'Send {"volume": 11} now.', 0),
    "brackets in prose": ("Use [this] or {that}. 1 < 2 `x`", "Use [this] or {that}. 1 < 2 `x`", 0),
    "link stays": ("See [the page](/items/1).", "See [the page](/items/1).", 0),
    "other languages": (
        f"¡Prueba esta guitarra! 很好。\n{BLOCK}",
        "¡Prueba esta guitarra! 很好。",
        1,
    ),
    "white space around": ("  \n Hello. \n\n", "Hello.", 0),
    "repeated tags": ("<items>\nThe FG800 </item> is nice.</ITEMS>", "The FG800  is nice.", 0),
    "repeated tag with text": ('A <item description: "nice", id 3> guitar', "A  guitar", 0),
    "stray closing": ("Yes.</recommendations>", "Yes.", 0),
    "cut stray tag": ("Yes. <item descr", "Yes.", 0),
    "other tags stay": ("Use <b>bold</b> and <itemise>", "Use <b>bold</b> and <itemise>", 0),
    "thinking": ("<think>Hm [{'id': 1}] so</think>\nTake it.", "Take it.", 0),
    "only thinking": ("<think>Hm", "", 0),
    "long thinking": ("<think>" + "hm " * 9000 + "</think>Take it.", "Take it.", 0),
    "less than": ("a <", "a <", 0),
}


def split(pieces: list[str]) -> tuple[str, list[str]]:
    prose = ProseFilter()
    text = "".join([*map(prose.feed, pieces), prose.finish()])
    return text, prose.blocks


@pytest.mark.parametrize("name", CASES)
def test_prose_is_kept_and_data_is_held_back(name: str) -> None:
    written, prose, blocks = CASES[name]
    for pieces in ([written], list(written)):
        text, held = split(pieces)
        assert (text, len(held)) == (prose, blocks)


@given(st.sampled_from(sorted(CASES)), st.lists(st.integers(0, 80), max_size=8))
def test_pieces_may_end_anywhere(name: str, cuts: list[int]) -> None:
    written = CASES[name][0]
    places = [0, *sorted(min(cut, len(written)) for cut in cuts), len(written)]
    pieces = [written[a:b] for a, b in itertools.pairwise(places)]
    assert split(pieces) == split([written])


@given(st.text(alphabet=st.characters(exclude_characters="<`[{", exclude_categories=["Cs"])))
def test_text_without_openings_passes_unchanged(written: str) -> None:
    assert split(list(written))[0] == written.strip()


@given(st.lists(st.sampled_from([*"<>[]{}`'\",:ab1 \n", "```", "<recommendations>", '{"id": 1}'])))
def test_no_text_breaks_it(pieces: list[str]) -> None:
    text, held = split(pieces)
    assert "<recommendations>" not in text
    assert len(text) + sum(map(len, held)) <= len("".join(pieces))


def test_held_text_is_bounded() -> None:
    prose = ProseFilter()
    shown = prose.feed('[{"x": "' + "a" * 30_000)
    assert len(shown) > 20_000


@pytest.mark.parametrize(
    ("block", "ids"),
    [
        (BLOCK, [17]),
        ('<recommendations>{"recommendations": [{"id": "a"}]}', ["a"]),
        ("<recommendations>17, 18</recommendations>", []),
        ("<recommendations>[17, 18]</recommendations>", [17, 18]),
        ("<recommendations></recommendations>", []),
        ('```json\n{"items": ["a", {"id": "b"}]}\n```', ["a", "b"]),
        ('[{"volume": 11}]', []),
    ],
)
def test_cited_items(block: str, ids: list[object]) -> None:
    assert [item["id"] for item in cited_items(block)] == ids
