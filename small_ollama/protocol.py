"""The Ollama API's shapes: what a chat request may hold, and what the answers look like."""

import json
import math
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000
# Longest duration that Go's time.Duration holds, about 292 years: Ollama's "for ever".
FOREVER_S = (2**63 - 1) / NS_PER_S
MAX_INT = 2**31 - 1

_DURATION_UNITS_S = {
    "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0,
}  # fmt: skip
_DURATION_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")

# Ollama's own defaults; the engine's differ.
_SAMPLING_DEFAULTS: dict[str, Any] = {
    "temperature": 0.8,
    "top_k": 40,
    "top_p": 0.9,
    "min_p": 0.0,
    "typical_p": 1.0,
    "repeat_last_n": 64,
    "repeat_penalty": 1.1,
    "presence_penalty": 0.0,
    "frequency_penalty": 0.0,
}
_FLOAT_OPTIONS = {name for name, value in _SAMPLING_DEFAULTS.items() if isinstance(value, float)}
_INT_OPTIONS = {"top_k", "repeat_last_n", "seed", "num_predict", "num_ctx", "num_keep"}
# Options that Ollama knows and that change nothing here: the engine is set up once, at start.
_IGNORED_OPTIONS = {
    "num_batch", "num_gpu", "main_gpu", "num_thread", "use_mmap", "use_mlock", "low_vram", "numa",
    "f16_kv", "vocab_only", "logits_all", "mirostat", "mirostat_tau", "mirostat_eta", "tfs_z",
    "penalize_newline", "draft_num_predict",
}  # fmt: skip
_ROLES = ("system", "user", "assistant")


class ApiError(Exception):
    """A request that gets an error as its answer.

    :param status: HTTP status.
    :param message: text of the answer's ``error`` field.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True)
class Options:
    """A request's ``options``, checked.

    :ivar num_ctx: context asked for, in tokens, or None for the server's.
    :ivar num_predict: most tokens to generate, or None for as many as the context holds.
    :ivar sampling: the rest, under the names that the engine uses.
    :ivar unknown: names that Ollama does not have either.
    """

    num_ctx: int | None
    num_predict: int | None
    sampling: dict[str, Any]
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class ChatRequest:
    """The body of ``POST /api/chat``, checked.

    :ivar model: model name as the client wrote it.
    :ivar keep_alive: seconds to stay loaded afterwards, ``math.inf`` for ever, None if not said.
    :ivar response_format: the engine's ``response_format``, or None for free text.
    """

    model: str
    messages: list[dict[str, str]]
    stream: bool
    keep_alive: float | None
    options: Options
    response_format: dict[str, Any] | None = field(default=None)


def dumps(value: Any) -> bytes:
    """:return: compact JSON in UTF-8; text that UTF-8 cannot hold becomes ``?``."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def timestamp(when: datetime | None = None) -> str:
    """:return: RFC 3339 in UTC, now unless told."""
    return (when or datetime.now(UTC)).isoformat().replace("+00:00", "Z")


def json_response(value: Any, status: int = 200) -> web.Response:
    """:return: an answer with Ollama's JSON content type."""
    return web.Response(
        body=dumps(value), status=status, content_type="application/json", charset="utf-8"
    )


async def read_object(request: web.Request) -> dict[str, Any]:
    """Read a JSON object, whatever the content type says (Ollama does not look at it).

    :raises ApiError: 400, no body, no JSON, or JSON that is not an object.
    """
    raw = await request.read()
    if not raw.strip():
        raise ApiError(400, "missing request body")
    try:
        body = json.loads(raw, parse_constant=_refuse_constant)
    except RecursionError:
        raise ApiError(400, "invalid JSON: nested too deeply") from None
    except ValueError as error:
        raise ApiError(400, f"invalid JSON: {error}") from None
    if not isinstance(body, dict):
        raise ApiError(400, "invalid JSON: the body must be an object")
    return body


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def full_name(name: str) -> str:
    """:return: the name under which Ollama compares models (tag ``latest`` unless said)."""
    name = name.strip().casefold()
    return name if ":" in name.rsplit("/", 1)[-1] else f"{name}:latest"


def model_field(body: dict[str, Any], *keys: str) -> str:
    """Read the model's name from the first of the fields that holds one.

    :raises ApiError: 400, none does.
    """
    for key in keys or ("model",):
        value = body.get(key)
        if value is not None and not isinstance(value, str):
            raise ApiError(400, f"{key} must be a string")
        if value and value.strip():
            return value
    raise ApiError(400, "model is required")


def parse_chat(body: dict[str, Any]) -> ChatRequest:
    """Check the body of ``POST /api/chat``.

    :raises ApiError: 400, with what is wrong.
    """
    model = model_field(body)
    _refuse_unsupported(body, model)
    stream = body.get("stream")
    if stream not in (None, True, False):
        raise ApiError(400, "stream must be a boolean")
    return ChatRequest(
        model=model,
        messages=_parse_messages(body.get("messages"), model),
        stream=stream is not False,
        keep_alive=parse_keep_alive(body.get("keep_alive")),
        options=_parse_options(body.get("options")),
        response_format=_parse_format(body.get("format")),
    )


def _refuse_unsupported(body: dict[str, Any], model: str) -> None:
    if body.get("think"):
        raise ApiError(400, f'"{model}" does not support thinking')
    if body.get("tools"):
        raise ApiError(400, f"{model} does not support tools")


def _parse_messages(value: Any, model: str) -> list[dict[str, str]]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise ApiError(400, "messages must be an array")
    return [_parse_message(message, model) for message in value]


def _parse_message(value: Any, model: str) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ApiError(400, "messages must be an array of objects")
    role, content = value.get("role"), value.get("content")
    if role == "tool" or value.get("tool_calls"):
        raise ApiError(400, f"{model} does not support tools")
    if value.get("images"):
        raise ApiError(400, f"{model} does not support vision")
    if role not in _ROLES:
        raise ApiError(400, f"invalid role: {role!r:.40}; expected one of {', '.join(_ROLES)}")
    if content is not None and not isinstance(content, str):
        raise ApiError(400, "content must be a string")
    # The engine refuses half a surrogate pair, which JSON can spell.
    text = (content or "").encode("utf-8", "replace").decode("utf-8")
    return {"role": role, "content": text}


def parse_keep_alive(value: Any) -> float | None:
    """Read a ``keep_alive``: seconds, or a Go duration such as ``1h30m``; below 0 is for ever.

    :return: seconds, ``math.inf`` for ever, None for None.
    :raises ApiError: 400, it is neither.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ApiError(400, "keep_alive must be a number of seconds or a duration such as 5m")
    if isinstance(value, str):
        seconds = _duration_s(value)
    else:
        seconds = float(max(-1, min(value, FOREVER_S)))
    return math.inf if seconds < 0 or seconds >= FOREVER_S else seconds


def _duration_s(text: str) -> float:
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    if digits == "0":  # the only number that Go takes without a unit
        return 0
    if len(digits) > 100 or not re.fullmatch(rf"(?:{_DURATION_PART.pattern})+", digits):
        raise ApiError(400, f"time: invalid duration {text[:40]!r}")
    parts = _DURATION_PART.findall(digits)
    return sign * sum(float(number) * _DURATION_UNITS_S[unit] for number, unit in parts)


def _parse_format(value: Any) -> dict[str, Any] | None:
    if value in (None, ""):
        return None
    if value == "json":
        return {"type": "json_object"}
    if isinstance(value, dict):
        return {"type": "json_schema", "json_schema": {"schema": value}}
    raise ApiError(400, 'invalid format; expected "json" or a valid JSON Schema object')


def _parse_options(value: Any) -> Options:
    if value is not None and not isinstance(value, dict):
        raise ApiError(400, "options must be an object")
    given = {name: item for name, item in (value or {}).items() if item is not None}
    sampling = dict(_SAMPLING_DEFAULTS)
    sampling.update({name: _number(name, given[name]) for name in _FLOAT_OPTIONS & given.keys()})
    whole = {name: _integer(name, given[name]) for name in _INT_OPTIONS & given.keys()}
    num_ctx, num_predict = whole.get("num_ctx", 0), whole.get("num_predict", -1)
    sampling.update({name: whole[name] for name in ("top_k", "repeat_last_n") if name in whole})
    if whole.get("seed", -1) != -1:
        sampling["seed"] = whole["seed"] & 0xFFFFFFFF
    if "stop" in given:
        sampling["stop"] = _strings("stop", given["stop"])
    known = _FLOAT_OPTIONS | _INT_OPTIONS | _IGNORED_OPTIONS | {"stop"}
    return Options(
        num_ctx=num_ctx if num_ctx > 0 else None,
        num_predict=num_predict if num_predict > 0 else None,
        sampling=sampling,
        unknown=tuple(sorted(given.keys() - known)),
    )


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ApiError(400, f'option "{name}" must be of type float32')
    if not -1e9 <= value <= 1e9:
        raise ApiError(400, f'option "{name}" is out of range')
    return float(value)


def _integer(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        raise ApiError(400, f'option "{name}" must be of type integer')
    if name != "seed" and abs(value) > MAX_INT:
        raise ApiError(400, f'option "{name}" is out of range')
    return int(value)


def _strings(name: str, value: Any) -> list[str]:
    if not isinstance(value, list):
        raise ApiError(400, f'option "{name}" must be of type array')
    if not all(isinstance(item, str) for item in value):
        raise ApiError(400, f'option "{name}" must be of an array of strings')
    return [item.encode("utf-8", "replace").decode("utf-8") for item in value]


def chat_line(model: str, content: str = "", done: bool = False) -> dict[str, Any]:
    """:return: one line of a chat answer, without the counts that the last one carries."""
    return {
        "model": model,
        "created_at": timestamp(),
        "message": {"role": "assistant", "content": content},
        "done": done,
    }


def final_line(
    model: str, reason: str, timings: dict[str, Any], total_ns: int, load_ns: int
) -> dict[str, Any]:
    """Build the last line of a chat answer.

    :param reason: ``stop`` or ``length``.
    :param timings: the engine's: ``prompt_n`` and ``cache_n`` are the prompt's tokens evaluated
        and reused, ``predicted_n`` those generated, ``prompt_ms`` and ``predicted_ms`` the times.
    :param total_ns: nanoseconds since the request came in.
    :param load_ns: nanoseconds of these that went into loading the model.
    """
    evaluated, cached = timings["prompt_n"], timings["cache_n"]
    return {
        **chat_line(model, done=True),
        "done_reason": reason,
        "total_duration": total_ns,
        "load_duration": load_ns,
        "prompt_eval_count": evaluated + cached,
        "prompt_eval_duration": int(timings["prompt_ms"] * NS_PER_MS),
        "eval_count": timings["predicted_n"],
        "eval_duration": int(timings["predicted_ms"] * NS_PER_MS),
        "engine": {"prompt_n": evaluated, "cache_n": cached},
    }
