"""``python -m small_ollama``: serve the model until told to stop."""

import argparse
import asyncio
import logging
import os
import signal
import sys
import threading
from pathlib import Path

from aiohttp import web

from small_ollama.engine import EngineError, EngineSettings
from small_ollama.host import MAX_QUEUE, ModelHost
from small_ollama.server import OllamaApi
from small_ollama.weights import find_weights

# The engine is asked to stop and nearly always does; this is for when it is in the middle of
# something long, such as loading.
STOP_DEADLINE_S = 0.8


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """:return: the command line's arguments. :raises SystemExit: they are wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m small_ollama",
        description="A small language model behind the Ollama HTTP API.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=11434, help="0 takes a free one")
    parser.add_argument("--slots", type=positive_integer, default=4, help="requests served at once")
    parser.add_argument(
        "--num-ctx", type=positive_integer, default=4096, help="context of each slot, in tokens"
    )
    parser.add_argument(
        "--threads",
        type=positive_integer,
        default=default_threads(),
        help="threads that compute; all cores but one unless told",
    )
    parser.add_argument(
        "--max-queue", type=int, default=MAX_QUEUE, help="requests that may wait for a slot"
    )
    parser.add_argument("--model-name", default="smollm2:135m")
    parser.add_argument("--alias", action="append", default=[], help="another name for the model")
    parser.add_argument(
        "--exit-with-parent", action="store_true", help="stop when standard input ends"
    )
    parser.add_argument(
        "--record", type=Path, help="append the body of each chat request to this file"
    )
    parser.add_argument(
        "--record-ends", type=Path, help="append the last line of each answer to this file"
    )
    return parser.parse_args(argv)


def default_threads() -> int:
    """:return: one less than the cores that this process may use, so that others find one.

    The threads wait for each other at every step, in busy loops: where they share their cores
    with other programs, as many threads as cores are several times slower than one alone.
    """
    return max(1, len(os.sched_getaffinity(0)) - 1)


def positive_integer(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError("must be at least 1")
    return number


async def serve(args: argparse.Namespace) -> None:
    """Serve until a signal, or until standard input ends if that was asked for.

    :raises OSError: the address cannot be listened on, or the weights are missing, or the record
        cannot be written.
    :raises EngineError: the model cannot be loaded.
    """
    stop = _stop_event(args.exit_with_parent)
    for record in filter(None, (args.record, args.record_ends)):
        record.touch()  # fails now, not at the first request
    settings = EngineSettings(find_weights(), args.slots, args.num_ctx, args.threads)
    host = ModelHost(settings, args.max_queue)
    api = OllamaApi(host, [args.model_name, *args.alias], args.record, args.record_ends)
    runner = web.AppRunner(
        api.application(), handler_cancellation=True, access_log=None, shutdown_timeout=0.1
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, args.host, args.port).start()
        async with host.loaded():
            pass
        address = f"[{args.host}]" if ":" in args.host else args.host
        url = f"http://{address}:{runner.addresses[0][1]}"
        print(f"small_ollama ready on {url} model {args.model_name}", flush=True)
        await stop.wait()
    finally:
        await runner.cleanup()
        await host.close()


def _stop_event(exit_with_parent: bool) -> asyncio.Event:
    """:return: an event that SIGINT, SIGTERM and, if asked for, the end of standard input set."""
    loop, event = asyncio.get_running_loop(), asyncio.Event()

    def stop() -> None:
        event.set()
        deadline = threading.Timer(STOP_DEADLINE_S, os._exit, (0,))
        deadline.daemon = True
        deadline.start()

    def wait_for_end() -> None:
        while os.read(0, 4096):
            pass
        loop.call_soon_threadsafe(stop)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    if exit_with_parent:
        threading.Thread(target=wait_for_end, daemon=True).start()
    return event


def main() -> int:
    """:return: the process's exit status."""
    args = parse_arguments()
    logging.basicConfig(level=logging.WARNING, format="small_ollama: %(message)s")
    try:
        asyncio.run(serve(args))
    except (OSError, EngineError) as error:
        print(f"small_ollama: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
