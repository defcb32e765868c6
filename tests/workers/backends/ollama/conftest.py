"""Each test begins and ends without an event loop of the backend."""

import pytest

from workers.backends import ollama as backend


@pytest.fixture(autouse=True)
def fresh_backend():
    yield
    backend.close()
