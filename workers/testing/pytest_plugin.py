"""Fixtures for pytest: add ``pytest_plugins = ["workers.testing.pytest_plugin"]`` to conftest."""

from collections.abc import Iterator

import pytest

from workers.testing.fake_ollama import FakeOllama


@pytest.fixture
def fake_ollama() -> Iterator[FakeOllama]:
    """A fake Ollama on a free port, nothing loaded, every model name known."""
    with FakeOllama() as fake:
        yield fake
