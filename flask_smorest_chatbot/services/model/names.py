"""What models and their servers are called."""

from __future__ import annotations

import sys
from collections.abc import Collection
from urllib.parse import urlsplit, urlunsplit

#: Providers that LangChain 1.4 knows. Its own list costs 0.6 s to import, which the question of
#: what a name means must not; it is read once it is there.
PROVIDERS = frozenset(
    "anthropic anthropic_bedrock azure_ai azure_openai baseten bedrock bedrock_converse "
    "bedrock_mantle_anthropic bedrock_mantle_openai cohere deepseek fireworks "
    "google_anthropic_vertex google_genai google_vertexai groq huggingface ibm langsmith litellm "
    "meta mistralai nvidia ollama openai openrouter perplexity together upstage xai".split()
)


def is_on_ollama(model: str) -> bool:
    """Tell ``openai:gpt-5`` from names on Ollama such as ``llama2:13b`` and ``ollama:llama2``."""
    provider, separator, _ = model.partition(":")
    return not separator or provider == "ollama" or provider not in _known_providers()


def _known_providers() -> Collection[str]:
    # The registry that `init_chat_model` itself splits "provider:name" by; it has no public name.
    loaded = sys.modules.get("langchain.chat_models.base")
    return getattr(loaded, "_BUILTIN_PROVIDERS", PROVIDERS)


def name_of(address: str) -> str:
    """Return a server's address without the password that it may hold."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
