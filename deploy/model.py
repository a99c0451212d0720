"""Get the model onto the model server, and into its memory, before the first user comes.

``python -m deploy.model pull`` and ``python deploy/model.py warm``; settings are the site's own.
"""

from __future__ import annotations

import os
import sys
import time

import ollama

from flask_smorest_chatbot import ChatbotConfig

LOAD_TIMEOUT_S = 600.0
START_TIMEOUT_S = 60.0  # systemd calls the server started before it listens


def wait_for(client: ollama.Client) -> None:
    """Wait until the model server answers.

    :raises ConnectionError: when it does not within a minute
    """
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            client.list()
        except ConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(1)
        else:
            return


def pull(client: ollama.Client, config: ChatbotConfig) -> None:
    """Pull the model unless the server has it."""
    name = config.ollama_name
    present = {model.model for model in client.list().models}
    if {name, f"{name}:latest"} & present:
        print(f"{name} is there.")
        return
    client.pull(name)
    print(f"{name} was pulled.")


def warm(client: ollama.Client, config: ChatbotConfig) -> None:
    """Load the model with the options that the site sends: others would make it load again."""
    client.chat(
        config.ollama_name,
        messages=[],
        options={"num_ctx": config.num_ctx},
        keep_alive=config.keep_alive,
    )
    print(f"{config.ollama_name} is loaded.")


def main(task: str) -> None:
    """Do one of the two tasks, on each model server.

    :raises SystemExit: saying which servers it could not be done on, and why
    """
    config = ChatbotConfig.from_mapping(os.environ)
    timeout = None if task == "pull" else LOAD_TIMEOUT_S  # gigabytes may take hours
    failed = []
    for address in config.ollama_urls:
        client = ollama.Client(address, timeout=timeout, trust_env=False)
        try:
            wait_for(client)
            {"pull": pull, "warm": warm}[task](client, config)
        except (ConnectionError, ollama.ResponseError, OSError) as error:
            failed.append(f"{address}: {error}")
    if failed:
        raise SystemExit("\n".join(failed))


if __name__ == "__main__":
    main(sys.argv[1])
