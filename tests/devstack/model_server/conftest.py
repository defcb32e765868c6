import ollama
import pytest

from tests.devstack.model_server.program import running


@pytest.fixture(scope="session")
def server():
    with running() as server:
        yield server


@pytest.fixture
def client(server):
    with ollama.Client(server.url, timeout=60) as client:
        yield client
