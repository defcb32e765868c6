import httpx
import pytest

from devstack.model_server.guard import is_loopback
from tests.devstack.model_server.program import running


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "localhost"},
        {"Host": "127.0.0.1:11434"},
        {"Host": "[::1]:11434"},
        {"Host": "ollama.localhost"},
        {"Host": "host.docker.internal"},
        {"Origin": "http://localhost:3000"},
    ],
)
def test_this_machine_may_ask(server, headers):
    assert httpx.get(server.url, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "rebound.example"},
        {"Host": "rebound.example:11434"},
        {"Host": "8.8.8.8"},
        {"Host": ""},
        {"Host": "[broken"},
        {"Origin": "https://page.example"},
        {"Origin": "null"},
    ],
)
def test_web_pages_may_not(server, headers):
    answer = httpx.get(server.url, headers=headers)
    assert answer.status_code == 403
    assert "error" in answer.json()


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("x", False)],  # noqa: S104
)
def test_only_loopback_addresses_are_guarded(host, loopback):
    assert is_loopback(host) is loopback


def test_a_server_for_others_answers_to_any_name():
    with running("--host", "0.0.0.0") as server:  # noqa: S104
        host, port = server.address
        assert host == "0.0.0.0"  # noqa: S104
        answer = httpx.get(f"http://127.0.0.1:{port}", headers={"Host": "model:11434"})
        assert answer.status_code == 200
