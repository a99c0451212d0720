"""The endpoints beside chat, and what bad requests get."""

from datetime import datetime

import pytest


def test_root_says_that_ollama_is_running(ollama_api):
    response = ollama_api.http.get("/")
    assert (response.status_code, response.text) == (200, "Ollama is running")
    assert ollama_api.http.head("/").status_code == 200


def test_version_starts_with_three_numbers(ollama_api):
    version = ollama_api.http.get("/api/version").json()["version"]
    assert all(part.isdigit() for part in version.partition("+")[0].split("."))


def test_tags_lists_the_model_and_its_alias(ollama_api):
    models = ollama_api.http.get("/api/tags").json()["models"]
    assert [model["name"] for model in models] == ["smollm2:135m", "llama2"]
    first = models[0]
    assert first["model"] == first["name"]
    assert first["size"] > 90_000_000
    assert len(first["digest"]) == 64
    assert first["details"]["format"] == "gguf"
    assert datetime.fromisoformat(first["modified_at"]).tzinfo is not None


def test_ps_tells_what_is_loaded_and_until_when(ollama_api):
    ollama_api.chat(keep_alive="10m")
    (model,) = ollama_api.loaded()
    assert model["name"] == model["model"] == "smollm2:135m"
    assert model["context_length"] == 512
    assert model["size"] > 90_000_000
    assert model["size_vram"] == 0
    expires_at = datetime.fromisoformat(model["expires_at"])
    left = expires_at - datetime.now(expires_at.tzinfo)
    assert 500 < left.total_seconds() <= 600


@pytest.mark.parametrize("field", ["model", "name"])
def test_show_describes_the_model(ollama_api, field):
    shown = ollama_api.http.post("/api/show", json={field: "llama2:latest"}).json()
    assert shown["capabilities"] == ["completion"]
    assert shown["model_info"]["llama.context_length"] == 8192
    assert "Apache License" in shown["license"]
    assert {"details", "modelfile", "parameters", "template", "modified_at"} <= shown.keys()


@pytest.mark.parametrize("path", ["/api/chat", "/api/show"])
def test_unknown_model_is_404(ollama_api, path):
    response = ollama_api.http.post(path, json={"model": "mistral", "messages": []})
    assert response.status_code == 404
    assert response.json() == {"error": "model 'mistral' not found"}


def test_unknown_path_is_404_and_wrong_method_405(ollama_api):
    assert ollama_api.http.post("/api/pull", json={}).status_code == 404
    response = ollama_api.http.get("/api/chat")
    assert response.status_code == 405
    assert response.json() == {"error": "method not allowed"}
    assert response.headers["Allow"] == "POST"


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"", "missing request body"),
        (b"{", "invalid JSON"),
        (b"\xff\xfe", "invalid JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[]", "must be an object"),
        (b"{}", "model is required"),
        (b'{"model": 5}', "model must be a string"),
        (b'{"model": NaN}', "NaN is not JSON"),
    ],
)
def test_unreadable_body_is_400(ollama_api, raw, error):
    response = ollama_api.http.post("/api/chat", content=raw)
    assert response.status_code == 400
    assert error in response.json()["error"]


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"messages": "hello"}, "messages must be an array"),
        ({"messages": ["hello"]}, "array of objects"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, "invalid role: 'wizard'"),
        ({"messages": [{"role": "user", "content": 5}]}, "content must be a string"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "does not support tools"),
        ({"messages": [{"role": "user", "content": "x", "images": ["a"]}]}, "support vision"),
        ({"tools": [{"type": "function"}]}, "smollm2:135m does not support tools"),
        ({"think": True}, '"smollm2:135m" does not support thinking'),
        ({"stream": "yes"}, "stream must be a boolean"),
        ({"format": "xml"}, "invalid format"),
        ({"format": {"type": "bogus"}}, "unrecognized type bogus"),
        ({"format": {"type": "string", "minLength": 5_000_000}}, "failed to parse grammar"),
        ({"keep_alive": "soon"}, "invalid duration"),
        ({"keep_alive": True}, "keep_alive must be"),
        ({"options": []}, "options must be an object"),
        ({"options": {"temperature": "hot"}}, 'option "temperature" must be of type float32'),
        ({"options": {"temperature": 1e300}}, 'option "temperature" is out of range'),
        ({"options": {"num_predict": 1.5}}, 'option "num_predict" must be of type integer'),
        ({"options": {"top_k": 10**12}}, 'option "top_k" is out of range'),
        ({"options": {"stop": "x"}}, 'option "stop" must be of type array'),
        ({"options": {"stop": [1]}}, "array of strings"),
        ({"options": {"repeat_penalty": -1}}, "penalty_repeat"),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
def test_bad_field_is_400_with_a_reason(ollama_api, fields, error, stream):
    body = {"stream": stream, **ollama_api.body(), **fields}
    response = ollama_api.http.post("/api/chat", json=body)
    assert response.status_code == 400
    assert error in response.json()["error"]


def test_body_over_8_mib_is_413(ollama_api):
    response = ollama_api.http.post("/api/chat", content=b" " * (8 * 1024 * 1024 + 1))
    assert response.status_code == 413
    assert "error" in response.json()


def test_scripts_of_web_pages_are_refused(ollama_api):
    response = ollama_api.http.get("/api/tags", headers={"Origin": "http://shop.example"})
    assert response.status_code == 403
    assert "access-control-allow-origin" not in response.headers
