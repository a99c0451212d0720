"""Load the model before the first user comes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

from ..config import ChatbotConfig
from ..errors import ModelUnavailableError
from . import prompts
from .host import TurnServices
from .model.generation import Generation
from .model.servers import ModelServer

#: Longest that loading a model may take, in seconds: a large one comes from a slow disk.
LOAD_TIMEOUT = 600.0


def warm_up(services: TurnServices, wait: float) -> Iterator[tuple[str, float]]:
    """Have each server load the model, with the options of all turns, and read the rules.

    :param wait: seconds to wait for a model server that does not answer yet
    :return: name of each server, and seconds until its first token
    :raises ModelError: in one of its kinds, when a server does not answer
    """
    patient = replace(services.config, first_token_timeout=LOAD_TIMEOUT)
    give_up = time.monotonic() + wait
    for server in services.chat_model.like(patient).servers():
        while True:
            try:
                yield server.name, _first_token(services, server, patient)
                break
            except ModelUnavailableError:
                if time.monotonic() > give_up:
                    raise
                time.sleep(1)


def _first_token(services: TurnServices, server: ModelServer, config: ChatbotConfig) -> float:
    began = time.monotonic()
    prompt = prompts.prompt(prompts.system_text(services.persona, None), [], "Hello!")
    generation = Generation([server], prompt, config)
    with closing(generation.pieces(began + LOAD_TIMEOUT)) as pieces:
        any(pieces)  # the first one is enough
    return time.monotonic() - began
