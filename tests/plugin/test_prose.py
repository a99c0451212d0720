"""What the model writes, split into prose and data wherever its pieces end."""

from __future__ import annotations

import itertools
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pieces import letters, single_letters

from flask_smorest_chatbot.services.prompts import REMINDER
from flask_smorest_chatbot.services.reading.links import LinkFilter
from flask_smorest_chatbot.services.reading.prose import ProseFilter, cited_items

BLOCK = '<recommendations>[{"id": 17, "reason": "Easy."}]</recommendations>'

CASES: dict[str, tuple[str, str, int]] = {
    "plain": ("Just prose.", "Just prose.", 0),
    "tagged": (f"Take it.\n\n{BLOCK}", "Take it.", 1),
    "tag in capitals": ("Take it. " + BLOCK.upper(), "Take it.", 1),
    "emphasised block": (f"Take it. **{BLOCK}** Bye.", "Take it. Bye.", 1),
    "prose after the block": (f"Before.\n{BLOCK}\nAfter.", "Before.\n\nAfter.", 1),
    "only a block": (BLOCK, "", 1),
    "two blocks": (f"A {BLOCK} B {BLOCK}", "A B", 2),
    "fenced": ('Take it:\n```json\n[{"id": 17}]\n```', "Take it:", 1),
    "fenced without a language": ('Yes.\n```\n{"recommendations": [{"id": 1}]}\n```', "Yes.", 1),
    "bare": ('Take it. [{"id": 17, "reason": "x"}]', "Take it.", 1),
    "bare object": ('Take it. {"recommendations": [{"id": 17}]} Bye.', "Take it. Bye.", 1),
    "trailing comma": ('Take it. [{"id": 17,}, ]', "Take it.", 1),
    "single quotes": ("Take it. [{'id': 17, 'reason': 'nice'}]", "Take it.", 1),
    "cut tag": ('Take it. <recommendations>[{"id": 17, "rea', "Take it.", 1),
    "cut opening": ("Take it. <recommen", "Take it.", 0),
    "cut fence": ('Take it.\n```json\n[{"id": 17}', "Take it.", 1),
    "brackets in strings": ('Yes. [{"id": 1, "reason": "a ] b } c"}] ok', "Yes. ok", 1),
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
    "repeated tags": ("<items>\nThe FG800 </item> is nice.</ITEMS>", "The FG800 is nice.", 0),
    "repeated tag with text": ('A <item description: "nice", id 3> guitar', "A guitar", 0),
    "stray closing": ("Yes.</recommendations>", "Yes.", 0),
    "cut stray tag": ("Yes. <item descr", "Yes.", 0),
    "other tags stay": ("Use <b>bold</b> and <itemise>", "Use <b>bold</b> and <itemise>", 0),
    "thinking": ("<think>Hm [{'id': 1}] so</think>\nTake it.", "Take it.", 0),
    "only thinking": ("<think>Hm", "", 0),
    "long thinking": ("<think>" + "hm " * 9000 + "</think>Take it.", "Take it.", 0),
    "less than": ("a <", "a <", 0),
    "template marks": ("<s>[INST] Hi [/INST] Yes.<|im_end|>\n<|eot_id|></s>", "Hi Yes.", 0),
    "more template marks": ("<bos><<SYS>>A<</SYS>> b<end_of_turn><eos>", "A b", 0),
    "marks in released json": (
        'Send {"volume": "<|im_end|>11"} now.',
        'Send {"volume": "11"} now.',
        0,
    ),
    "tag in a tag": ("A <<items>item>b", "A b", 0),
    "tag deep in tags": ("A <it<it<items>em>em>b", "A b", 0),
    "block in a tag": (f"A <ite{BLOCK}m> b", "A m> b", 1),
    "tag without data": (
        "<recommendations>The FG800 is it.</recommendations>",
        "The FG800 is it.",
        0,
    ),
    "tag with prose and data": (
        '<recommendations>Here: [{"id": 1}] Enjoy!</recommendations> Bye.',
        "Here: Enjoy! Bye.",
        1,
    ),
    "tag never closed": ('Yes. <recommendations>[{"id": 1}]\n\nEnjoy!', "Yes.\n\nEnjoy!", 1),
    "tag with ids": ("Yes. <recommendations>17, 18</recommendations>", "Yes.", 1),
    "tag with yaml": (
        "Yes. <recommendations>\n- id: 1\n  reason: x\n</recommendations>",
        "Yes.",
        1,
    ),
    "tag with xml": ('Yes. <recommendations><item id="1"/></recommendations>', "Yes.", 1),
    "tag in a fence": (f"Yes.\n```json\n{BLOCK}\n```\nBye.", "Yes.\n\nBye.", 1),
    "fence in a tag": (
        'Yes. <recommendations>\n```json\n[{"id": 1}]\n```\n</recommendations> Bye.',
        "Yes.\n\nBye.",
        1,
    ),
    "yaml in a fence": ("Yes.\n```yaml\n- id: 17\n  reason: x\n```\nBye.", "Yes.\n\nBye.", 1),
    "in back quotes": ('Yes: `[{"id": 1}]` Bye.', "Yes: Bye.", 1),
    "open quote": ('Hm [{"id": 1, "reason": "nice}] ' + BLOCK, "Hm", 2),
    "open quote and prose": ('Hm [{"id": 1, "reason": "nice}]\nEnjoy!', "Hm\nEnjoy!", 1),
    "open bracket and prose": ('Hm [{"id": 1, "reason": "x"\n\nEnjoy!', "Hm\n\nEnjoy!", 1),
    "quotes in a string": ('Hm [{"id": 1, "reason": "a 12" neck"}] ok', "Hm ok", 1),
    "single quotes and brackets": ("Hm [{'id': 1, 'reason': 'it's a ] b'}] ok", "Hm ok", 1),
    "open fence": (f"Tab:\n```\ne|--0--|\n{BLOCK}", "Tab:\n```\ne|--0--|", 1),
    "fence, then block": (
        'Tab:\n```\ne|-0-|\n```\n[{"id": 1, "reason": "x"}]',
        "Tab:\n```\ne|-0-|\n```",
        1,
    ),
    "json for a reader": (
        'JSON: ```json\n[{"id": 1, "name": "Bob"}]\n``` See?',
        'JSON: ```json\n[{"id": 1, "name": "Bob"}]\n``` See?',
        0,
    ),
    "invented item": ('Yes. {"id": 99, "reason": "magic"} Bye.', "Yes. Bye.", 1),
    "bare keys": ('Yes. [{id: 1, reason: "x"}] Bye.', "Yes. Bye.", 1),
    "curly quotes": ("Yes. [{“id”: 1, “reason”: “x”}] Bye.", "Yes. Bye.", 1),
    "cut closing tag": (BLOCK[:-6], "", 1),
    "cut thinking": ("Yes. <thin", "Yes.", 0),
    "cut template mark": ("Yes. <|im_", "Yes.", 0),
    "cut bare json": ('Yes. [{"i', "Yes.", 1),
    "cut item": ('Yes. <item id="1', "Yes.", 0),
    "item tags": ('Take <item id="17">the FG800</item>.', "Take the FG800.", 1),
    "thought aloud": ("<thinking>\nHm.\n</thinking>\n\nTake it.", "Take it.", 0),
    "end of a thought": ("Hm. </think>Take it.", "Hm. Take it.", 0),
    "characters of several parts": ("Cafe\u0301 👩🏽‍🎤 ok", "Cafe\u0301 👩🏽‍🎤 ok", 0),
    "characters in halves": ("A \ud83c\udfb8 b", "A 🎸 b", 0),
    "half a character": ("A \ud83c", "A \ufffd", 0),
    "notes": ("A <notes>\n- x\n</notes> b <note>", "A\n- x\nb", 0),
    "spaces around the slash": (BLOCK.replace("</", "</ ") + " Bye", "Bye", 1),
    "spaces in the tags": (
        BLOCK.replace("</", "< / ").replace("s>", "s >") + "\nBye",
        "Bye",
        1,
    ),
    "tildes": ('Yes.\n~~~json\n[{"id": 1}]\n~~~\nBye.', "Yes.\n\nBye.", 1),
    "tildes around the tag": (f"Yes.\n~~~\n{BLOCK}\n~~~", "Yes.", 1),
    "other tildes stay": ("~~a~~ ~5\n~~~\ntab\n~~~\nGo.", "~~a~~ ~5\n~~~\ntab\n~~~\nGo.", 0),
    "bold tags": (
        'Yes. **<recommendations>**\n[{"id": 1}]\n**</recommendations>** Bye.',
        "Yes.\nBye.",
        1,
    ),
    "bold tags at the end": (
        'Yes. **<recommendations>**[{"id": 1}]**</recommendations>**',
        "Yes.",
        1,
    ),
    "bold before the block": (f"Take **it**{BLOCK}", "Take **it**", 1),
    "bold before a tag": ("Take **it**</items>", "Take **it**", 0),
    "bold in a tag": ('Take **<item id="17">it</item>** now', "Take **it** now", 1),
    "bold stays": ("***a*** * b **c**", "***a*** * b **c**", 0),
    "escaped tags": ("Yes. " + BLOCK.replace("<", "\\<"), "Yes.", 1),
    "tags escaped at both ends": (
        "Yes. " + BLOCK.replace("<", "\\<").replace(">", "\\>") + " Bye.",
        "Yes. Bye.",
        1,
    ),
    "other backslashes stay": ("a \\< b \\(c\\) \\", "a \\< b \\(c\\) \\", 0),
    "tag behind four ticks": ("````json\n<recommendations><", "````json", 1),
    "label before a tag before prose": ("Items = <recommendations>None. [1] x", "None. [1] x", 0),
    "ids behind two backticks": ("Yes.\n``[17, 18]``\nBye.", "Yes.\n``[17, 18]``\nBye.", 0),
    "reminder": (f"{REMINDER}\nTake it. {REMINDER.upper()}", "Take it.", 0),
    "reminder in lines": ("Take it.\n" + REMINDER.replace(" ", "\n"), "Take it.", 0),
    "cut reminder": (f"Take it. {REMINDER[:40]}", "Take it.", 0),
    "like a reminder": ("Take it (if items fit). (If", "Take it (if items fit). (If", 0),
    "long list": (
        "Yes. ["
        + ", ".join(f'{{"id": {n}, "reason": "{"so " * 20}"}}' for n in range(90))
        + "] Bye.",
        "Yes. Bye.",
        1,
    ),
}


def split(pieces: list[str]) -> tuple[str, list[str]]:
    prose = ProseFilter()
    text = "".join([*map(prose.feed, pieces), prose.finish()])
    return text, prose.blocks


@pytest.mark.parametrize("name", CASES)
def test_prose_is_kept_and_data_is_held_back(name: str) -> None:
    written, prose, blocks = CASES[name]
    for pieces in ([written], letters(written), single_letters(written)):
        text, held = split(pieces)
        assert (text, len(held)) == (prose, blocks)


@given(st.sampled_from(sorted(CASES)), st.lists(st.integers(0, 80), max_size=8))
def test_pieces_may_end_anywhere(name: str, cuts: list[int]) -> None:
    written = CASES[name][0]
    parts = letters(written)
    places = [0, *sorted(min(cut, len(parts)) for cut in cuts), len(parts)]
    pieces = ["".join(parts[a:b]) for a, b in itertools.pairwise(places)]
    assert split(pieces) == split([written])


@pytest.mark.parametrize(
    "written",
    [
        "It is a guitar. I like it: I'd play it in a band - or more. It costs $9 a day; rent it.",
        "I recommend the first. Is it loud? Is this: it isn't. So is that. Join us, why not?",
    ],
)
def test_words_are_handed_on_at_once(written: str) -> None:
    prose, links = ProseFilter(), LinkFilter([])
    for piece in re.findall(r" ?\w+|[^\w\s]", written):
        assert links.feed(prose.feed(piece)) == piece


def test_label_that_begins_with_an_i_of_its_own_is_a_word() -> None:
    assert split(["I", "ds: [17]\nBye."]) == ("Ids:\nBye.", ["[17]"])
    assert split(["Ids", ": [17]\nBye."]) == ("Bye.", ["Ids: [17]"])


@given(st.text(alphabet=st.characters(exclude_characters="<`[{~", exclude_categories=["Cs"])))
def test_text_without_openings_passes_unchanged(written: str) -> None:
    assert split(list(written))[0] == written.strip()


FRAGMENTS = [
    *"<>[]{}`'\",:ab1 \n\\",
    *(
        "~~~",
        "**",
        "\\<",
        "</ recommendations>",
        "**</items>**",
        "<notes>",
        REMINDER,
        REMINDER[:20],
    ),
    *("```", "```json\n", "<recommendations>", "</recommendations>", '{"id": 1}', '[{"id": ', "}]"),
    *(
        "<items>",
        "</item>",
        "<ite",
        "<think>",
        "</think>",
        "<|im_end|>",
        "[INST]",
        "<<SYS>>",
        "</s>",
    ),
    *('"reason": "', "\n\n", "- id: 1", "x" * 700, "é\u0301", "\ud83c", "\udfb8"),
    *("Items = ", "ids: ", '"items": ', "json\n", "recommendations", "[1, 2]", "It ", "```yaml\n"),
]


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=40))
@settings(max_examples=150, deadline=None)
def test_no_text_breaks_it(pieces: list[str]) -> None:
    written = "".join(pieces)
    text, held = split(pieces)
    assert (text, held) == split([written]) == split(letters(written))
    assert (text, held) == split(single_letters(written))
    for mark in (
        "<recommendations>",
        "<items>",
        "<notes>",
        REMINDER,
        "<think>",
        "<|im_end|>",
        "[INST]",
        "</s>",
    ):
        assert mark not in text
    assert len(text) + sum(map(len, held)) <= len(written)


HOSTILE = [
    *("<", "</", "<item ", "<<items>", " <|", "<think>", "<recommendations>", "```", "`", "[INST"),
    *('{"', "[", "[{", '{"a":', '{""}', '[{"id":', "{'id':'", '[{"id": 1}]', "}", "{ i", "id: "),
    *(" ", "\n", "*", "**<", "**<items>", "\\", "~~~", "(", REMINDER[:50], "< ", "< / items"),
]


def test_held_text_is_bounded() -> None:
    prose = ProseFilter()
    shown = prose.feed('[{"x": "' + "a" * 30_000)
    assert len(shown) > 25_000
    prose = ProseFilter()
    prose.feed('[{"id": 1, "reason": "' + "a" * 30_000)
    assert sum(map(len, prose.blocks)) < 5_000
    assert len(prose._pending) < 5_000


@pytest.mark.parametrize(
    "part",
    HOSTILE,
)
def test_hostile_text_takes_linear_time(part: str) -> None:
    written = part * (100_000 // len(part))
    for pieces in ([written], written):
        began = time.process_time()
        prose = ProseFilter()
        for piece in pieces:
            prose.feed(piece)
        prose.finish()
        assert time.process_time() - began < 3  # measured: under 0.6 s


def test_json_about_offered_items_is_held_back() -> None:
    written = 'Yes. {"id": 7, "name": "Bob"} Bye.'
    prose = ProseFilter(lambda citation: citation["id"] == 7)
    assert prose.feed(written) + prose.finish() == "Yes. Bye."
    prose = ProseFilter(lambda citation: citation["id"] == 8)
    assert prose.feed(written) + prose.finish() == written


@pytest.mark.parametrize(
    ("block", "ids"),
    [
        (BLOCK, [17]),
        ('<recommendations>{"recommendations": [{"id": "a"}]}', ["a"]),
        ("<recommendations>17, 18</recommendations>", ["17", "18"]),
        ("<recommendations>[17, 18]</recommendations>", [17, 18]),
        ("<recommendations></recommendations>", []),
        ('```json\n{"items": ["a", {"id": "b"}]}\n```', ["a", "b"]),
        ('[{"volume": 11}]', []),
        ('{"recommendations": {"17": "Easy.", "18": "Loud."}}', ["17", "18"]),
        ('{"recommendations": [{"item": {"id": 17}, "reason": "x"}]}', [17]),
        ('[{"id": 17, "reason": "x"}, {"id": 18, "rea', ["17", "18"]),
        ("[{'id': '17', 'reason': 'it\\'s'}, {'id': '18',},]", ["17", "18"]),
        ("[17, 18,]", ["17", "18"]),
        ("- id: 17\n  reason: a, b\n- id: 18", ["17", "18"]),
        ('<item id="17">x</item><item id="18"/>', ["17", "18"]),
        ("<item><id>17</id><reason>x</reason></item><item><id>18</id></item>", ["17", "18"]),
        ('{"listing_id": 17, "why": "x"}', [17]),
        ("[" * 4000, []),
        ('{"' * 9000, []),
        ("[{" * 9000, []),
        ('[{"id": ' + "9" * 5000 + "}]", ["9" * 301]),
        ('{"recommendations": [[[[[[{"id": 1}]]]]]]}', []),
        ('{"recommendations": null}', []),
        ('{"id": null}', []),
        ('{"id": [1, 2]}', [1, 2]),
        ('<recommendations>{"guitars": [{"id": 1}], "amps": [{"id": 2}]}', [1, 2]),
        ('{"recommendations": {"first": {"id": 1, "reason": "x"}, "second": {"id": 2}}}', [1, 2]),
        ('{"first": {"id": 1}, "second": {"id": 2}}', [1, 2]),
        ('{"1": {"id": 31}, "2": {"id": 34}}', [31, 34]),
        ('{"recommendations": {"31": {"reason": "x"}, "34": {"reason": "y"}}}', ["31", "34"]),
        ('{"id": 1, "size": {"id": 2}, "shop": {"id": 3}}', [1]),
        ('{"genres": ["rock"], "moods": [["calm"]]}', []),
    ],
)
def test_cited_items(block: str, ids: list[object]) -> None:
    assert [item["id"] for item in cited_items(block)] == ids
