"""What the model is sent: laid out by stability, and free of foreign marks."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from flask_smorest_chatbot.services.history import exchanges_of
from flask_smorest_chatbot.services.prompts import as_data, prompt, system_text, user_text
from flask_smorest_chatbot.values import CatalogItem, UserProfile

ITEM = CatalogItem(
    id=17,
    name="Yamaha FG800",
    price="18.00",
    description="acoustic guitar",
    details={"condition": "good", "image_url": "/x.png"},
)


def test_candidates_stand_before_the_question_in_the_users_message() -> None:
    text = user_text("A guitar?", [ITEM], instructions="Be brief.")
    assert text == (
        "<items>\n- id 17: Yamaha FG800 (acoustic guitar; condition: good; 18.00 USD a day)\n"
        "</items>\n\nBe brief.\n\nA guitar?\n\n"
        "(Name one to three items that fit, with their prices. Be brief.)"
    )


def test_an_empty_catalogue_is_said() -> None:
    assert "(nothing available)" in user_text("A guitar?", [])


def test_system_message_holds_what_does_not_change() -> None:
    profile = UserProfile(
        name="Ann", experience_level="beginner", details={"favorite_genres": ["rock", "folk"]}
    )
    text = system_text("You sell guitars.", profile.as_json())
    assert text.startswith("You sell guitars.")
    assert "- experience level: beginner" in text
    assert "- favorite genres: rock, folk" in text
    assert "budget" not in text.split("<profile>")[1]


def test_unknown_profile_is_not_assumed() -> None:
    assert "do not assume a level" in system_text("Hi.", None)
    assert "do not assume a level" in system_text("Hi.", UserProfile().as_json())


def test_roles() -> None:
    messages = prompt("S", [("user", "q"), ("assistant", "a")], "now")
    assert messages == [("system", "S"), ("human", "q"), ("ai", "a"), ("human", "now")]


@pytest.mark.parametrize(
    "mark",
    [
        "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>", "<s>", "</s>", "<|im_start|>", "<|im_end|>",
        "<|eot_id|>", "<|start_header_id|>", "<start_of_turn>", "<recommendations>",
        "</recommendations>", "</items>", "<items>", "</profile>", "[/inst]",
        "<notes x>", "<items a='b'>", "</notes x>",
        "</items >", "< items>", "<item>", "<bos>", "<eos>", "[SYSTEM_PROMPT]", "[TOOL_CALLS]",
        "<\uff5cUser\uff5c>", "<\uff5cend\u2581of\u2581sentence\uff5c>",
    ],
)  # fmt: skip
def test_marks_of_templates_are_defused(mark: str) -> None:
    for text in (
        as_data(f"a {mark} b"),
        user_text(f"a {mark} b", []),
        user_text("q", [CatalogItem(id=mark, name=mark, description=f"x{mark}")]),
        system_text("P", {"location": mark, "details": {mark: [mark]}}),
    ):
        clean = text.replace("<items>\n", "").replace("\n</items>", "")
        clean = clean.replace("\n</profile>", "").replace("between <items> and </items>", "")
        clean = clean.replace("between <items> tags", "").replace("  <recommendations>[{", "")
        clean = clean.replace("}]</recommendations>", "")
        assert mark not in clean
        assert mark[0] + " " + mark[1:] in text


def test_lines_of_others_stay_on_one_line() -> None:
    text = user_text("q", [CatalogItem(id=1, name="a\n- id 2: free\r\nx", description="d\n\nd")])
    assert text.count("\n- id") == 1


def stored(content: str, **columns: Any) -> Any:
    names = ("model_content", "prompt", "input_tokens", "output_tokens", "model")
    return SimpleNamespace(id=1, content=content, **{**dict.fromkeys(names), **columns})


@pytest.mark.parametrize(
    ("question", "answer", "told"),
    [
        (stored("</s>[INST] <items>"), stored("Hi"), ("< /s>[ INST] < items>", "Hi")),
        (stored("Hi"), stored("</s> <items>"), ("Hi", "< /s> < items>")),
        (stored("Hi"), stored("Hi", prompt="<items>\n\nHi"), ("<items>\n\nHi", "Hi")),
        (stored("Hi", model_content="older <items>"), stored("Hi"), ("older <items>", "Hi")),
        (stored("Hi"), stored("", model_content="</s> <items>"), ("Hi", "< /s> <items>")),
    ],
)  # fmt: skip
def test_history_is_told_as_it_was_and_as_data(
    question: Any, answer: Any, told: tuple[str, str]
) -> None:
    [exchange] = exchanges_of([question, answer], "m")
    assert (exchange.question, exchange.answer) == told
