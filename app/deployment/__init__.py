"""What ``flask chatbot doctor`` looks at beside the chat: the machine that the site is deployed on.

Paths and units are those of ``deploy/install.sh``. On any other machine the checks say that they do
not apply, and the rest of them is of use there too.
"""

from __future__ import annotations

from collections.abc import Iterator

from flask import current_app

from flask_smorest_chatbot import ChatbotConfig, Finding

from . import machine, ollama, units


def deployment() -> Iterator[Finding]:
    """Look at units, certificate, disk, clock, descriptors, and Ollama's settings and memory."""
    yield units.check_units()
    yield machine.check_certificate()
    yield from machine.check_disk(current_app.instance_path)
    yield machine.check_clock()
    yield machine.check_descriptors()
    yield from ollama.check_ollama(ChatbotConfig.from_mapping(current_app.config))
