"""Whether the model servers answer and have the model, without loading it."""

from __future__ import annotations

from dataclasses import dataclass

from ...config import ChatbotConfig
from .names import is_on_ollama, name_of

#: Longest wait for the model server's list of models, in seconds.
_LIST_TIMEOUT = 5.0


@dataclass(frozen=True)
class ModelStatus:
    """What is known of the model without asking it anything.

    :param reachable: the model server answers; None for providers that cannot be asked
    :param present: it has the configured model; None when not known
    :param detail: one sentence, without secrets
    """

    reachable: bool | None
    present: bool | None
    detail: str


def model_status(config: ChatbotConfig, timeout: float = _LIST_TIMEOUT) -> ModelStatus:
    """Ask the Ollama servers whether they have the model; never loads it.

    :param timeout: seconds to wait for a server; all are asked at the same time
    :return: what is known of the best of them
    """
    statuses = model_statuses(config, timeout).values()
    return max(statuses, key=lambda status: (bool(status.present), bool(status.reachable)))


def model_statuses(config: ChatbotConfig, timeout: float = _LIST_TIMEOUT) -> dict[str, ModelStatus]:
    """Ask each Ollama server whether it has the model; never loads it.

    :param timeout: seconds to wait for a server; all are asked at the same time
    :return: by address, without passwords
    """
    from concurrent.futures import ThreadPoolExecutor

    addresses = config.ollama_urls
    with ThreadPoolExecutor(len(addresses)) as pool:
        found = pool.map(lambda address: _server_status(config, address, timeout), addresses)
        return dict(zip(map(name_of, addresses), found, strict=True))


def _server_status(config: ChatbotConfig, address: str, timeout: float) -> ModelStatus:
    import httpx

    try:
        answer = httpx.get(f"{address}/api/tags", timeout=timeout, trust_env=False)
        names = {model["name"] for model in answer.raise_for_status().json()["models"]}
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError):
        names = None
    wanted, where = config.ollama_name, name_of(address)
    if names and {wanted, f"{wanted}:latest"} & names:
        return ModelStatus(True, True, f"{wanted} is present at {where}")
    if not is_on_ollama(config.model):
        return ModelStatus(None, None, f"{config.model} is not on Ollama and cannot be asked")
    if names is None:
        return ModelStatus(False, None, f"no Ollama answers at {where}")
    return ModelStatus(True, False, f"{wanted} is missing at {where}")
