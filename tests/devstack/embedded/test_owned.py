import contextlib
import os
import subprocess
import sys

import psutil
import pytest

from devstack.embedded.owned import Owned, find, is_alive, marks, roots, without_marks
from tests.devstack.embedded.support import eventually

SLEEP = "import time; time.sleep(1000)"
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SLEEP!r}])"


@pytest.fixture
def run():
    """Starts Python code with the given marks; all is killed at the end."""
    with contextlib.ExitStack() as stack:

        def start(code, **variables):
            command = [sys.executable, "-c", code]
            popen = subprocess.Popen(command, env={**os.environ, **variables})
            stack.callback(popen.wait)
            stack.callback(_kill_tree, popen.pid)
            return popen

        yield start


def _kill_tree(pid):
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for one in (*process.children(recursive=True), process):
            one.kill()


def test_marked_processes_and_their_children_belong_to_the_home(run, tmp_path):
    popen = run(PARENT, **marks(tmp_path, "worker_a"))
    found = eventually(lambda: len(find(tmp_path)) == 2 and find(tmp_path))
    assert {owned.name for owned in found} == {"worker_a"}
    assert [owned.process.pid for owned in roots(found)] == [popen.pid]


def test_neither_an_unmarked_process_nor_another_homes_belongs(run, tmp_path):
    run(SLEEP, LLMCONFIG_HOME=str(tmp_path))
    run(SLEEP, **marks(tmp_path / "other", "worker_a"))
    eventually(lambda: find(tmp_path / "other"))
    assert find(tmp_path) == []


def test_this_process_is_never_found(monkeypatch, tmp_path):
    for name, value in marks(tmp_path, "web").items():
        monkeypatch.setenv(name, value)
    assert find(tmp_path) == []


def test_a_zombie_is_not_alive(run, tmp_path):
    popen = run("pass", **marks(tmp_path, "web"))
    process = psutil.Process(popen.pid)
    eventually(lambda: process.status() == psutil.STATUS_ZOMBIE)
    assert not is_alive(process)
    assert roots([Owned("web", process)]) == []


def test_marks_are_not_handed_on(tmp_path):
    assert without_marks({"PATH": "/bin", **marks(tmp_path, "web")}) == {"PATH": "/bin"}
