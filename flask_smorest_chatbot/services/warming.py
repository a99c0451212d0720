"""Have ready what a first message would wait for: what turns import, and the model itself."""

from __future__ import annotations

import importlib
import time
from contextlib import closing
from dataclasses import replace

from ..errors import ModelUnavailableError
from . import prompts
from .host import TurnServices
from .model.generation import Generation

#: Longest that loading a model may take, in seconds: a large one comes from a slow disk.
LOAD_TIMEOUT = 600.0
_READING = ("prose", "recommendations")


def preload(services: TurnServices) -> None:
    """Import what turns need, LangChain too, and build the chat model; it is not contacted.

    For servers that fork: workers then share the memory, and their first turns are quick.
    """
    services.chat_model.get()
    for module in _READING:
        importlib.import_module(f".reading.{module}", __package__)


def warm_up(services: TurnServices, wait: float) -> float:
    """Load the model, with the options and the front of the prompt that all turns have.

    :param wait: seconds to wait for a model server that does not answer yet
    :return: seconds until the first token
    :raises ModelError: in one of its kinds, when the model does not answer
    """
    give_up = time.monotonic() + wait
    while True:
        try:
            return _first_token(services)
        except ModelUnavailableError:
            if time.monotonic() > give_up:
                raise
            time.sleep(1)


def _first_token(services: TurnServices) -> float:
    began = time.monotonic()
    patient = replace(
        services.config, first_token_timeout=LOAD_TIMEOUT, turn_timeout=LOAD_TIMEOUT
    )
    prompt = prompts.prompt(prompts.system_text(services.persona, None), [], "Hello!")
    generation = Generation(services.chat_model.like(patient), prompt, patient)
    with closing(generation.pieces(began + LOAD_TIMEOUT)) as pieces:
        any(pieces)  # the first one ends it
    return time.monotonic() - began
