"""The fake as a program."""

import contextlib
import os
import signal
import subprocess
import sys

import ollama
import pytest

from tests.workers.testing.test_fake_ollama import QUESTION
from workers.testing.by_name import BY_NAME
from workers.testing.command import behaviour_lines, main

COMMAND = [sys.executable, "-m", "workers.testing.fake_ollama"]


@contextlib.contextmanager
def running(*arguments):
    """The program, and the address that it prints."""
    with subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_it_serves_a_script_until_it_is_told_to_end(tmp_path, number, code):
    script = tmp_path / "script.yaml"
    script.write_text("{resident: ['ok:1'], script: {'m:1': [http-503, never-ending]}}")
    options = ("--port", "0", "--script", str(script))
    with running(*options) as (process, host), ollama.Client(host) as client:
        assert [model.model for model in client.ps().models] == ["ok:1"]
        with pytest.raises(ollama.ResponseError):
            client.chat("m:1", QUESTION)
        assert next(client.chat("m:1", QUESTION, stream=True)).message.content
        os.kill(process.pid, number)
        assert process.wait(10) == code


def test_it_behaves_as_one_host_by_its_options():
    options = (
        "--port",
        "0",
        "--one-host",
        "--load-seconds",
        "0",
        "--tokens",
        "2",
        "--seconds",
        "0",
    )
    with running(*options, "--context-length", "512") as (_, host), ollama.Client(host) as client:
        assert client.chat("a:1", QUESTION).eval_count == 2
        assert [model.context_length for model in client.ps().models] == [512]


def test_every_behaviour_is_told_in_one_line(capsys):
    assert main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == sorted(BY_NAME)
    assert lines == behaviour_lines()


def test_the_help_tells_how_to_script_it(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "script:\n    big:3b:" in capsys.readouterr().out


def test_a_script_that_cannot_be_used_is_told_without_a_traceback(tmp_path, capsys):
    script = tmp_path / "script.yaml"
    script.write_text("script: {m: [good]}")
    assert main(["--script", str(script)]) == 2
    assert capsys.readouterr().err.startswith(f"{script}: script.m[0].behaviour: 'good' is not")


@pytest.mark.parametrize("port", ["taken", "99999"])
def test_a_port_that_cannot_be_had_is_told_without_a_traceback(fake_ollama, capsys, port):
    port = str(fake_ollama.port) if port == "taken" else port
    assert main(["--port", port]) == 1
    assert capsys.readouterr().err.startswith(f"Cannot listen on 127.0.0.1 port {port}: ")
