"""Chat answers. What the model says is never judged, only how it arrives."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import httpx
import pytest

COUNTS = {
    "total_duration",
    "load_duration",
    "prompt_eval_count",
    "prompt_eval_duration",
    "eval_count",
    "eval_duration",
}
# The model cannot end an answer in this format before its 1900th character, 8 s and more away.
ENDLESS = {"format": {"type": "string", "minLength": 1900}}


def test_streams_one_line_a_token_and_counts_at_the_end(ollama_api):
    *tokens, last = ollama_api.stream(options={"num_predict": 5})
    assert len(tokens) == 5
    for line in tokens:
        assert line.keys() == {"model", "created_at", "message", "done"}
        assert line["message"].keys() == {"role", "content"}
        assert line["message"]["role"] == "assistant"
        assert line["done"] is False
        assert datetime.fromisoformat(line["created_at"]).tzinfo is not None
    assert last["done"] is True
    assert last["done_reason"] == "length"
    assert last["message"] == {"role": "assistant", "content": ""}
    assert last["eval_count"] == 5
    assert all(isinstance(last[name], int) for name in COUNTS)
    assert last["total_duration"] >= last["prompt_eval_duration"] + last["eval_duration"]
    assert last["prompt_eval_count"] == last["engine"]["prompt_n"] + last["engine"]["cache_n"]


def test_streams_while_the_model_writes(ollama_api):
    body = ollama_api.body(**ENDLESS, options={"num_predict": 40})
    with ollama_api.http.stream("POST", "/api/chat", json=body) as response:
        assert response.headers["content-type"] == "application/x-ndjson"
        arrivals = [time.monotonic() for _ in response.iter_lines()]
    assert arrivals[-1] - arrivals[0] > 0.1


def test_without_streaming_the_answer_is_one_object(ollama_api):
    streamed = ollama_api.stream()
    whole = ollama_api.chat()
    assert whole["message"]["content"] == "".join(line["message"]["content"] for line in streamed)
    assert whole["done"] is True
    assert whole.keys() >= COUNTS


def test_stops_by_itself_and_at_stop_words(ollama_api):
    request = {"format": {"const": "good morning to you"}, "options": {"num_predict": 200}}
    answer = ollama_api.chat(**request)
    assert answer["done_reason"] == "stop"
    assert answer["message"]["content"] == '"good morning to you"'
    request["options"]["stop"] = ["to"]
    answer = ollama_api.chat(**request)
    assert answer["done_reason"] == "stop"
    assert answer["message"]["content"].strip() == '"good morning'


def test_same_seed_same_answer(ollama_api):
    options = {"temperature": 1.5, "seed": 7, "num_predict": 20}
    first, second = (ollama_api.chat(options=options)["message"] for _ in range(2))
    other = ollama_api.chat(options={**options, "seed": 8})["message"]
    assert first == second != other


def test_characters_of_several_tokens_arrive_whole(ollama_api):
    lines = ollama_api.stream("Repeat exactly: 🎻🎸🥁日本", options={"num_predict": 40})
    assert not any("\ufffd" in line["message"]["content"] for line in lines)


def test_half_a_surrogate_pair_is_no_error(ollama_api):
    body = json.dumps(ollama_api.body("a\ud800b\x00c", stream=False))
    assert ollama_api.http.post("/api/chat", content=body).status_code == 200


def test_options_of_ollama_that_change_nothing_are_accepted(ollama_api):
    options = {"num_gpu": 0, "num_thread": 2, "mirostat": 1, "num_keep": 4, "seed": None}
    penalties = {"repeat_penalty": 1.2, "presence_penalty": 0.1, "frequency_penalty": 0.1}
    limits = {"top_k": 10, "top_p": 0.5, "min_p": 0.1, "repeat_last_n": -1}
    ollama_api.chat(options={**options, **penalties, **limits, "no_such_option": 1})


def test_alias_answers_under_the_name_it_was_called_by(ollama_api):
    assert ollama_api.chat(model="llama2:latest")["model"] == "llama2:latest"


def test_schema_is_obeyed(ollama_api):
    ids = ["guitar-17", "violin-4", "drum-22"]
    schema = {
        "type": "object",
        "properties": {
            "items": {
                "type": "array",
                "minItems": 1,
                "maxItems": 2,
                "items": {"type": "string", "enum": ids},
            },
            "reason": {"type": "string", "maxLength": 30},
        },
        "required": ["items", "reason"],
        "additionalProperties": False,
    }
    answer = ollama_api.chat(
        "Recommend instruments.", format=schema, options={"num_predict": 300, "temperature": 1}
    )
    assert answer["done_reason"] == "stop"
    data = json.loads(answer["message"]["content"])
    assert data.keys() == {"items", "reason"}
    assert data["items"]
    assert set(data["items"]) <= set(ids)


def test_json_format_begins_an_object(ollama_api):
    answer = ollama_api.chat("Describe a violin in JSON.", format="json")
    assert answer["message"]["content"].lstrip().startswith("{")


def test_second_turn_reuses_the_first_ones_prompt(ollama_api):
    messages = [
        {"role": "system", "content": "You rent out instruments. " * 20},
        {"role": "user", "content": "Which violin is for a beginner?"},
    ]
    first = ollama_api.chat(messages=messages)
    messages += [first["message"], {"role": "user", "content": "And which cello?"}]
    second = ollama_api.chat(messages=messages)
    # All but the model's own last token or so.
    assert second["engine"]["cache_n"] >= first["prompt_eval_count"]
    assert second["engine"]["prompt_n"] < 40
    assert second["prompt_eval_count"] > first["prompt_eval_count"]


@pytest.mark.parametrize("num_predict", [-1, -2, 5000])
def test_generation_ends_where_the_context_does(ollama_api, num_predict):
    options = {"num_predict": num_predict, "num_ctx": 128}
    answer = ollama_api.chat(**ENDLESS, options=options)
    assert answer["prompt_eval_count"] + answer["eval_count"] <= 128
    assert answer["done_reason"] == "length"


def test_oldest_messages_are_dropped_from_a_long_conversation(ollama_api):
    system = {"role": "system", "content": "You are brief."}
    last = {"role": "user", "content": "Say hello."}
    old = [
        {"role": role, "content": f"Message {i}. " * 4}
        for i in range(40)
        for role in ("user", "assistant")
    ]
    alone = ollama_api.chat(messages=[system, last])["prompt_eval_count"]
    answer = ollama_api.chat(messages=[system, *old, last], options={"num_ctx": 256})
    # As many of the old ones stay as fit: one takes fewer than 40 tokens.
    assert 256 - 40 <= answer["prompt_eval_count"] < 256
    assert answer["prompt_eval_count"] > alone
    assert answer["eval_count"] > 0


def test_message_longer_than_the_context_loses_its_beginning(ollama_api):
    answer = ollama_api.chat("Tell me more. 日本 " * 2000, options={"num_ctx": 256})
    assert 150 < answer["prompt_eval_count"] <= 192
    assert answer["eval_count"] == 8


def test_system_message_longer_than_the_context_is_400(ollama_api):
    messages = [{"role": "system", "content": "word " * 2000}, {"role": "user", "content": "hi"}]
    response = ollama_api.post(messages=messages)
    assert response.status_code == 400
    assert "context length" in response.json()["error"]


def test_larger_num_ctx_than_the_servers_is_capped(ollama_api):
    answer = ollama_api.chat("word " * 3000, options={"num_ctx": 8192, "num_predict": 1})
    assert answer["prompt_eval_count"] <= 512


def test_several_requests_at_once_all_get_answers(ollama_api):
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda i: ollama_api.chat(f"Say {i}."), range(6)))
    assert all(answer["eval_count"] > 0 for answer in answers)


def test_two_slots_answer_at_the_same_time(ollama_api):
    body = ollama_api.body(**ENDLESS, options={"num_predict": 300})
    with ollama_api.http.stream("POST", "/api/chat", json=body) as long_answer:
        lines = long_answer.iter_lines()
        assert json.loads(next(lines))["done"] is False
        assert ollama_api.chat(options={"num_predict": 2})["done"]
        assert json.loads(next(lines))["done"] is False


def test_hanging_up_while_the_model_writes_frees_the_slot(one_slot_api):
    for stream in (True, False):
        body = one_slot_api.body(**ENDLESS, options={"num_predict": -1}, stream=stream)
        hang_up(one_slot_api, body, stream)
        assert seconds_to_answer(one_slot_api) < 5


def hang_up(api, body, stream) -> None:
    """Send the request and close the connection, after the first token if it is streamed."""
    if stream:
        with httpx.stream("POST", f"{api.url}/api/chat", json=body, timeout=60) as response:
            next(response.iter_lines())
    else:
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{api.url}/api/chat", json=body, timeout=1)


def test_hanging_up_while_the_prompt_is_read_frees_the_slot(one_slot_api):
    body = one_slot_api.body("An oboe, a harp and a lute. " * 350)
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{one_slot_api.url}/api/chat", json=body, timeout=0.5)
    # Reading all of this prompt takes more than 8 s.
    assert seconds_to_answer(one_slot_api) < 5


def test_hanging_up_in_the_queue_leaves_nothing_behind(one_slot_api):
    body = one_slot_api.body(**ENDLESS, options={"num_predict": 600})
    with httpx.stream("POST", f"{one_slot_api.url}/api/chat", json=body, timeout=60) as running:
        lines = running.iter_lines()  # httpx hangs up when this is dropped
        next(lines)
        for _ in range(3):
            with pytest.raises(httpx.ReadTimeout):
                httpx.post(f"{one_slot_api.url}/api/chat", json=body, timeout=0.1)
    assert seconds_to_answer(one_slot_api) < 5


def test_requests_are_served_in_the_order_they_came(one_slot_api):
    finished: list[int] = []

    def ask(number: int) -> None:
        one_slot_api.chat(f"Say {number}.", options={"num_predict": 4})
        finished.append(number)

    body = one_slot_api.body(**ENDLESS, options={"num_predict": 600})
    with httpx.stream("POST", f"{one_slot_api.url}/api/chat", json=body, timeout=60) as running:
        lines = running.iter_lines()  # httpx hangs up when this is dropped
        next(lines)
        threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
            time.sleep(0.05)
    for thread in threads:
        thread.join()
    assert finished == [0, 1, 2, 3]


def test_more_requests_than_the_queue_holds_get_503(one_slot_api):
    body = one_slot_api.body(**ENDLESS, options={"num_predict": 600})
    with httpx.stream("POST", f"{one_slot_api.url}/api/chat", json=body, timeout=60) as running:
        lines = running.iter_lines()  # httpx hangs up when this is dropped
        next(lines)
        with ThreadPoolExecutor(5) as pool:
            waiting = [pool.submit(one_slot_api.chat, options={"num_predict": 1}) for _ in range(5)]
            time.sleep(0.5)
            response = one_slot_api.post()
            running.close()
    assert response.status_code == 503
    assert "server busy" in response.json()["error"]
    assert all(answer.result()["done"] for answer in waiting)


def seconds_to_answer(api) -> float:
    """How long a short question takes from here."""
    started = time.monotonic()
    api.chat(options={"num_predict": 1})
    return time.monotonic() - started


def test_unloads_after_silence_and_loads_again(one_slot_api):
    one_slot_api.chat(keep_alive=0.2, options={"num_predict": 1})
    deadline = time.monotonic() + 5
    while one_slot_api.loaded():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    answer = one_slot_api.chat(options={"num_predict": 1})
    assert answer["load_duration"] > 50_000_000
    assert one_slot_api.loaded()


def test_no_messages_load_and_unload(one_slot_api):
    unloaded = one_slot_api.chat(messages=[], keep_alive=0)
    assert unloaded["done_reason"] == "unload"
    assert one_slot_api.loaded() == []
    loaded = one_slot_api.chat(messages=[], keep_alive="-1m")
    assert loaded["done_reason"] == "load"
    assert loaded["done"] is True
    assert loaded["message"] == {"role": "assistant", "content": ""}
    (model,) = one_slot_api.loaded()
    assert datetime.fromisoformat(model["expires_at"]).year > 2200


def test_unload_waits_for_the_answer_that_is_being_written(one_slot_api):
    body = one_slot_api.body(**ENDLESS, options={"num_predict": 60})
    with one_slot_api.http.stream("POST", "/api/chat", json=body) as response:
        lines = response.iter_lines()
        next(lines)
        with httpx.Client(base_url=one_slot_api.url, timeout=60) as other:
            request = {"model": one_slot_api.model, "messages": [], "keep_alive": 0}
            assert other.post("/api/chat", json=request).json()["done_reason"] == "unload"
        *_, last = lines
    assert json.loads(last)["done"] is True
    time.sleep(0.5)
    assert one_slot_api.loaded() == []


def test_record_holds_the_bodies_as_they_came(ollama_api):
    body = ollama_api.body("Für Elise 🎹", stream=False, keep_alive="10m")
    ollama_api.http.post("/api/chat", json=body)
    assert json.loads(ollama_api.record.read_text("utf-8").splitlines()[-1]) == body
