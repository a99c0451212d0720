"""Whether Ollama is set as the site needs it, and the machine has the memory for that."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask_smorest_chatbot import ChatbotConfig, Finding

from .units import show

UNIT = "ollama.service"
#: Bytes of a number in the KV cache, by ``OLLAMA_KV_CACHE_TYPE``: 32 share a scale of 2 bytes.
CACHE_BYTES = {"f16": 2.0, "q8_0": 34 / 32, "q4_0": 18 / 32}
MEMORY = Path("/proc/meminfo")

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SET = "Set it with `systemctl edit ollama`, then restart ollama."
_TIMEOUT_S = 5.0


def check_ollama(config: ChatbotConfig) -> Iterator[Finding]:
    """Compare the settings of this machine's Ollama with the site's, and its memory with both."""
    local = [url for url in config.ollama_urls if urlsplit(url).hostname in _LOOPBACK]
    if not local:
        yield Finding("Ollama's settings", "no model server is on this machine", applies=False)
        return
    settings = _settings()
    if settings is None:
        detail = f"{UNIT} is not installed here, so they cannot be seen"
        yield Finding("Ollama's settings", detail, applies=False)
    else:
        yield from _check_settings(config, settings)
    yield _check_memory(config, local[0], settings or {})


def _settings() -> dict[str, str] | None:
    """Return the ``OLLAMA_*`` variables of the unit; None if there is no such unit."""
    for state in show(UNIT, properties=("LoadState", "Environment")):
        if state.get("LoadState") == "loaded":
            pairs = (word.partition("=") for word in shlex.split(state["Environment"]))
            return {name: value for name, _, value in pairs if name.startswith("OLLAMA_")}
    return None


def _check_settings(config: ChatbotConfig, settings: Mapping[str, str]) -> Iterator[Finding]:
    faults = list(_faults(config, settings))
    yield from (Finding("Ollama's settings", detail, remedy) for detail, remedy in faults)
    if not faults:
        told = ", ".join(f"{name[7:]}={value}" for name, value in sorted(settings.items()))
        yield Finding("Ollama's settings", told or "all are Ollama's defaults")


def _faults(config: ChatbotConfig, settings: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what does not fit, and the remedy."""
    slots, parallel = config.model_slots, _number(settings, "OLLAMA_NUM_PARALLEL", 1)
    if slots != parallel * len(config.ollama_urls):
        servers = f" on each of {len(config.ollama_urls)}" if len(config.ollama_urls) > 1 else ""
        detail = f"OLLAMA_NUM_PARALLEL is {parallel}{servers}, CHATBOT_MODEL_SLOTS {slots}"
        yield detail, "Give both the same number."
    if (context := _number(settings, "OLLAMA_CONTEXT_LENGTH", config.num_ctx)) != config.num_ctx:
        detail = f"OLLAMA_CONTEXT_LENGTH is {context}, CHATBOT_NUM_CTX {config.num_ctx}"
        yield detail, "Give both the same number, else other clients make the model load anew."
    if (keep := settings.get("OLLAMA_KEEP_ALIVE", config.keep_alive)) != config.keep_alive:
        detail = f"OLLAMA_KEEP_ALIVE is {keep}, CHATBOT_KEEP_ALIVE {config.keep_alive}"
        yield detail, "Give both the same: each request sends the second, and that counts."
    if (queue := _number(settings, "OLLAMA_MAX_QUEUE", 512)) < parallel:
        yield f"OLLAMA_MAX_QUEUE is {queue}, less than are answered at once", _SET
    cache = settings.get("OLLAMA_KV_CACHE_TYPE", "f16")
    if cache != "f16" and settings.get("OLLAMA_FLASH_ATTENTION") not in ("1", "true"):
        detail = f"OLLAMA_KV_CACHE_TYPE is {cache}, which needs OLLAMA_FLASH_ATTENTION=1"
        yield detail, _SET
    if not re.match(r"(https?://)?(127\.|localhost|\[::1\])", settings.get("OLLAMA_HOST", "127.")):
        detail = "OLLAMA_HOST lets other machines ask, without a password"
        yield detail, "Bind it to 127.0.0.1, or shut others out by a firewall."


def _number(settings: Mapping[str, str], name: str, default: int) -> int:
    value = settings.get(name, "")
    return int(value) if value.isdigit() else default


def _check_memory(config: ChatbotConfig, address: str, settings: Mapping[str, str]) -> Finding:
    """Compare what weights and KV cache take with what there is for them."""
    model = _model(config, address)
    if model is None:
        return Finding("memory", "the model server does not say how large it is", applies=False)
    weights, per_number, loaded, on_card = model
    if on_card:
        return Finding("memory", "the model is on the graphics card", applies=False)
    servers = len(config.ollama_urls)
    slots = _number(settings, "OLLAMA_NUM_PARALLEL", max(1, config.model_slots // servers))
    cache_type = settings.get("OLLAMA_KV_CACHE_TYPE", "f16")
    cache = per_number * CACHE_BYTES.get(cache_type, 2.0) * config.num_ctx * slots
    there = _memory_left() + loaded
    detail = (
        f"{config.ollama_name} takes {_gb(weights)}, and {_gb(cache)} for the KV cache of {slots} "
        f"times {config.num_ctx} tokens in {cache_type}; {_gb(there)} are there"
    )
    fits = weights + cache <= there
    remedy = "Lower OLLAMA_NUM_PARALLEL and CHATBOT_MODEL_SLOTS, or take a smaller model."
    return Finding("memory", detail, "" if fits else remedy)


def _model(config: ChatbotConfig, address: str) -> tuple[int, int, int, bool] | None:
    """Ask the model server about the model.

    :return: bytes of its weights, numbers in the KV cache for a token, bytes that it has taken
        already, and whether it is on a graphics card; None where it does not say
    """
    import httpx

    names = {config.ollama_name, f"{config.ollama_name}:latest"}
    try:
        with httpx.Client(base_url=address, timeout=_TIMEOUT_S, trust_env=False) as client:
            listed, running = (
                [it for it in client.get(path).json()["models"] if it["name"] in names]
                for path in ("/api/tags", "/api/ps")
            )
            shown = client.post("/api/show", json={"model": config.ollama_name}).json()
        on_card = any(it["size_vram"] for it in running)
        loaded = sum(it["size"] for it in running)
        return listed[0]["size"], _numbers_per_token(shown["model_info"]), loaded, on_card
    except (httpx.HTTPError, LookupError, TypeError, ValueError):
        return None


def _numbers_per_token(info: Mapping[str, Any]) -> int:
    """Return how many numbers the keys and values of a token are, over all layers.

    :raises LookupError: when the model does not say, as those of a kind of their own do not
    """
    family = info["general.architecture"]
    heads = info[f"{family}.attention.head_count"]
    width = info[f"{family}.embedding_length"] // heads
    key = info.get(f"{family}.attention.key_length") or width
    value = info.get(f"{family}.attention.value_length") or width
    cached = info.get(f"{family}.attention.head_count_kv") or heads
    return int(info[f"{family}.block_count"] * cached * (key + value))


def _memory_left() -> int:
    """Return the bytes that programs may still take."""
    found = re.search(r"^MemAvailable:\s+(\d+) kB", MEMORY.read_text(), re.M)
    return int(found[1]) * 1024 if found else 0


def _gb(size: float) -> str:
    return f"{size / 1e9:.1f} GB"
