"""``manage.py runstack`` as its user meets it: one line instead of a traceback."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx
import pytest

from devstack.embedded import state
from devstack.embedded.owned import find
from tests.devstack.embedded.support import PROJECT, environ, eventually, pids


@pytest.fixture
def refused(tmp_path):
    """What a start that must fail tells on standard error."""

    def run(*arguments, **variables):
        home = {"LLMCONFIG_HOME": str(tmp_path / "home"), "SECRET_KEY": "x"}
        nowhere = {"OLLAMA_HOST": "http://127.0.0.1:9", "REDIS_URL": "redis://127.0.0.1:1/0"}
        ended = subprocess.run(
            [sys.executable, "manage.py", "runstack", *arguments],
            cwd=PROJECT,
            env=environ(**home, **nowhere, **variables),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ended.returncode == 1
        assert "Traceback" not in ended.stderr
        return ended.stderr

    return run


def test_an_impossible_port_is_refused(refused):
    assert refused("--port", "70000") == "--port: expected a number from 1 to 65535.\n"


def test_a_missing_procfile_is_named(refused, tmp_path):
    path = tmp_path / "Procfile"
    assert refused("--procfile", str(path)) == f"{path} cannot be read: No such file or directory\n"


def test_a_bad_configuration_is_refused_before_anything_starts(refused, tmp_path):
    (tmp_path / "own.yaml").write_text("nonsense: 1\n")
    told = refused(LLM_CONFIG_FILE=str(tmp_path / "own.yaml"))
    assert told.startswith("check failed:\n")
    assert f"{tmp_path}/own.yaml:1: nonsense: unknown; accepted: " in told


def test_a_server_that_does_not_answer_is_named_by_its_variable(refused):
    told = refused(DATABASE_URL="postgresql://postgres@127.0.0.1:1/db")
    assert told.startswith("Not reachable:\nDATABASE_URL: ")
    assert "\nREDIS_URL: " in told


@pytest.fixture
def home():
    """A home in a short path with a space; nothing of it may run afterwards."""
    path = Path(tempfile.mkdtemp(prefix="a home "))
    yield path
    left = find(path)
    for owned in left:
        owned.process.kill()
    shutil.rmtree(path)
    assert left == []


def test_the_whole_stack_starts_is_found_from_another_terminal_and_leaves_nothing(home, tmp_path):
    variables = environ(LLMCONFIG_HOME=str(home), OLLAMA_HOST="http://127.0.0.1:9")
    variables.pop("DJANGO_SETTINGS_MODULE", None)
    output = tmp_path / "output"
    with output.open("w") as file:
        stack = subprocess.Popen(
            [sys.executable, "manage.py", "runstack"],
            cwd=PROJECT,
            env=variables,
            stdout=file,
            stderr=file,
            process_group=0,
        )
    try:
        eventually(lambda: "Ready: " in output.read_text() or stack.poll() is not None, 120)
        assert stack.poll() is None, output.read_text()
        assert httpx.get(f"{state.read(home)['web']}/healthz").json()["status"] == "ok"
        assert len([name for name in pids(home) if name.startswith("worker_")]) == 4
        second = [sys.executable, "manage.py", "migrate", "--check"]
        assert subprocess.run(second, cwd=PROJECT, env=variables, check=False).returncode == 0
    finally:
        os.killpg(stack.pid, signal.SIGINT)
        assert stack.wait(60) == 0
