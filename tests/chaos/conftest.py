"""Fixtures of the tests that kill and stop what the site needs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from chaos_parts import EchoModel, Postgres


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Postgres]:
    """A PostgreSQL of the test's own, which it may stop."""
    server = Postgres(tmp_path / "postgres")
    yield server
    server.cleanup()


@pytest.fixture
def echo_model() -> Iterator[EchoModel]:
    """A model server whose answers name what was asked."""
    model = EchoModel()
    yield model
    model.close()
