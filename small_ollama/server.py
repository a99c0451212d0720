"""The routes of the Ollama API."""

import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

from aiohttp import web

from small_ollama import weights
from small_ollama.context import fit_messages
from small_ollama.engine import EngineError
from small_ollama.host import ModelHost, QueueFullError
from small_ollama.protocol import (
    ApiError,
    ChatRequest,
    chat_line,
    dumps,
    final_line,
    full_name,
    json_response,
    model_field,
    parse_chat,
    read_object,
    timestamp,
)

# The API level that is spoken, and after the plus sign who speaks it.
VERSION = "0.12.0+small.ollama"
MAX_BODY_BYTES = 8 * 1024 * 1024
QUEUE_FULL = "server busy, please try again.  maximum pending requests exceeded"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
log = logging.getLogger("small_ollama")


class OllamaApi:
    """Serves one model under one or more names.

    :param names: the model's name, then its aliases.
    :param record: file that gets each chat request's body as a line of JSON, or None.
    :param record_ends: file that gets the last line of each answer, or None.
    """

    def __init__(
        self,
        host: ModelHost,
        names: list[str],
        record: Path | None = None,
        record_ends: Path | None = None,
    ) -> None:
        self.host = host
        self.names = {full_name(name): name for name in names}
        self.record = record
        self.record_ends = record_ends

    def application(self) -> web.Application:
        """:return: the application that serves the API."""
        app = web.Application(
            client_max_size=MAX_BODY_BYTES, middlewares=[errors_as_json, no_web_pages]
        )
        app.router.add_get("/", self.root)
        app.router.add_get("/api/version", self.version)
        app.router.add_get("/api/tags", self.tags)
        app.router.add_get("/api/ps", self.ps)
        app.router.add_post("/api/show", self.show)
        app.router.add_post("/api/chat", self.chat)
        return app

    async def root(self, _request: web.Request) -> web.Response:
        return web.Response(text="Ollama is running")

    async def version(self, _request: web.Request) -> web.Response:
        return json_response({"version": VERSION})

    async def tags(self, _request: web.Request) -> web.Response:
        facts = await self._facts()
        facts["modified_at"] = timestamp(weights.modified_at(self._path))
        names = self.names.values()
        return json_response({"models": [{"name": n, "model": n, **facts} for n in names]})

    async def ps(self, _request: web.Request) -> web.Response:
        expires_at = self.host.expires_at
        if expires_at is None:
            return json_response({"models": []})
        name, settings = next(iter(self.names.values())), self.host.settings
        facts = await self._facts()
        facts["size"] += settings.num_ctx * settings.slots * weights.CACHE_BYTES_PER_TOKEN
        loaded = {
            "name": name,
            "model": name,
            **facts,
            "expires_at": timestamp(expires_at),
            "size_vram": 0,
            "context_length": settings.num_ctx,
        }
        return json_response({"models": [loaded]})

    async def show(self, request: web.Request) -> web.Response:
        self._check_name(model_field(await read_object(request), "model", "name"))
        return json_response(
            {
                "license": weights.license_text(),
                "modelfile": f"FROM {self._path.name}\n",
                "parameters": f"num_ctx {self.host.settings.num_ctx}",
                "template": weights.TEMPLATE,
                "details": weights.DETAILS,
                "model_info": weights.MODEL_INFO,
                "capabilities": ["completion"],
                "modified_at": timestamp(weights.modified_at(self._path)),
            }
        )

    async def chat(self, request: web.Request) -> web.StreamResponse:
        started_ns = time.perf_counter_ns()
        body = await read_object(request)
        _append(self.record, body)
        chat = parse_chat(body)
        self._check_name(chat.model)
        if not chat.messages:
            return await self._load_or_unload(chat)
        if chat.options.unknown:
            log.warning("invalid option provided: %.200s", ", ".join(chat.options.unknown))
        async with aclosing(self._answer(chat, started_ns)) as lines:
            return await (_stream(request, lines) if chat.stream else _collect(lines))

    async def _load_or_unload(self, chat: ChatRequest) -> web.Response:
        if chat.keep_alive == 0:
            await self.host.unload()
            reason = "unload"
        else:
            async with self.host.loaded(chat.keep_alive):
                reason = "load"
        return json_response({**chat_line(chat.model, done=True), "done_reason": reason})

    async def _answer(
        self, chat: ChatRequest, started_ns: int
    ) -> AsyncGenerator[dict[str, Any], None]:
        """:return: the lines of the answer; the last one has ``done`` set."""
        host = self.host
        limit = min(chat.options.num_ctx or host.settings.num_ctx, host.settings.num_ctx)
        async with host.slot():
            loading_ns = time.perf_counter_ns()
            async with host.loaded(chat.keep_alive) as engine:
                load_ns = time.perf_counter_ns() - loading_ns
                messages, tokens = await host.call(fit_messages, engine, chat.messages, limit)
                payload = _engine_payload(chat, messages, tokens, limit)
                async with aclosing(host.generate(engine, payload)) as chunks:
                    async for chunk in chunks:
                        choice = chunk["choices"][0]
                        if text := choice["delta"].get("content"):
                            yield chat_line(chat.model, text)
                        if reason := choice["finish_reason"]:
                            total_ns = time.perf_counter_ns() - started_ns
                            timings = chunk["timings"]
                            end = final_line(chat.model, reason, timings, total_ns, load_ns)
                            _append(self.record_ends, end)
                            yield end

    async def _facts(self) -> dict[str, Any]:
        """:return: what tags and ps have in common."""
        return {
            "size": self._path.stat().st_size,
            "digest": await self.host.call(weights.digest, self._path),
            "details": weights.DETAILS,
        }

    @property
    def _path(self) -> Path:
        return self.host.settings.weights

    def _check_name(self, name: str) -> None:
        if full_name(name) not in self.names:
            raise ApiError(404, f"model '{name}' not found")


def _append(record: Path | None, line: dict[str, Any]) -> None:
    if record is not None:
        with record.open("ab") as file:
            file.write(dumps(line) + b"\n")


def _engine_payload(
    chat: ChatRequest, messages: list[dict[str, str]], prompt_tokens: int, num_ctx: int
) -> dict[str, Any]:
    options, room = chat.options, num_ctx - prompt_tokens
    payload = {
        **options.sampling,
        "messages": messages,
        "max_tokens": min(options.num_predict or room, room),
    }
    if payload["repeat_last_n"] < 0:  # Ollama's way to say the whole context
        payload["repeat_last_n"] = num_ctx
    if chat.response_format:
        payload["response_format"] = chat.response_format
    return payload


async def _stream(request: web.Request, lines: AsyncIterator[dict[str, Any]]) -> web.StreamResponse:
    """Send each line as it comes.

    The status goes out with the first line, so an error before it still gets its own status;
    one after it becomes a line of the stream.
    """
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
    try:
        async for line in lines:
            if not response.prepared:
                await response.prepare(request)
            await response.write(dumps(line) + b"\n")
    except (ApiError, EngineError, QueueFullError) as error:
        if not response.prepared:
            raise
        await response.write(dumps({"error": str(error)}) + b"\n")
    await response.write_eof()
    return response


async def _collect(lines: AsyncIterator[dict[str, Any]]) -> web.Response:
    """:return: the whole answer in one object."""
    content, last = [], {}
    async for line in lines:
        content.append(line["message"]["content"])
        last = line
    return json_response({**last, "message": {"role": "assistant", "content": "".join(content)}})


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give every error Ollama's shape, ``{"error": "..."}``."""
    try:
        return await handler(request)
    except ApiError as error:
        return json_response({"error": error.message}, error.status)
    except EngineError as error:
        return json_response({"error": str(error)}, error.status)
    except QueueFullError:
        return json_response({"error": QUEUE_FULL}, 503)
    except web.HTTPException as error:
        response = json_response({"error": error.reason.lower()}, error.status)
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
        return response
    except ConnectionError:  # the client is gone: nobody to tell
        raise
    except Exception:
        log.exception("%s %s failed", request.method, request.path)
        return json_response({"error": "internal server error"}, 500)


@web.middleware
async def no_web_pages(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse requests made by scripts of web pages: browsers mark these with an Origin."""
    if "Origin" in request.headers:
        raise ApiError(403, "requests from web pages are not allowed")
    return await handler(request)
