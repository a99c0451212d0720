"""Get the model onto the model server: ``python -m deploy.model``; settings are the site's own.

``flask chatbot warm-up`` then gets it into its memory.
"""

from __future__ import annotations

import os
import time
from urllib.parse import urlsplit

import ollama

from flask_smorest_chatbot import ChatbotConfig

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


def main() -> None:
    """Wait for each model server, and pull.


    :raises SystemExit: saying which servers it could not be done on, and why
    """
    config = ChatbotConfig.from_mapping(os.environ)
    failed = []
    for address in config.ollama_urls:
        # Without a limit: gigabytes may take hours.
        client = ollama.Client(address, timeout=None, trust_env=False)
        try:
            wait_for(client)
            pull(client, config)
        except (ConnectionError, ollama.ResponseError, OSError) as error:
            where = urlsplit(address).netloc.rpartition("@")[2]  # there may be a password before it
            failed.append(f"{where}: {error}")
    if failed:
        raise SystemExit("\n".join(failed))


if __name__ == "__main__":
    main()
