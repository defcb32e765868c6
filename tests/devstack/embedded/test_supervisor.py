import io
import signal
import sys
import time

import pytest

from devstack.embedded.console import Console
from devstack.embedded.processes import ManagedProcess, Spec, describe_exit
from devstack.embedded.supervisor import Supervised, Supervisor
from tests.devstack.embedded.support import environ, eventually


@pytest.fixture
def one(monkeypatch):
    """A supervisor with short waits; ``starts`` and ``told`` record what it does."""
    monkeypatch.setattr("devstack.embedded.backoff.BASE_SECONDS", 0.1)
    stream, starts = io.StringIO(), []
    supervisor = Supervisor(Console(stream), lambda _name, pid: starts.append(pid), lambda: None)
    supervisor.starts, supervisor.told = starts, stream.getvalue
    yield supervisor
    supervisor.close()


@pytest.fixture
def supervise(one, tmp_path):
    """Runs Python code under the supervisor."""
    processes = []

    def start(code, before_start=lambda: None):
        log = tmp_path / "logs" / "web.log"
        command = [sys.executable, "-c", code]
        spec = Spec(name="web", command=command, environment=environ(), cwd=tmp_path, log=log)
        process = ManagedProcess(spec)
        processes.append(process)
        one.follow("web", log, show=True)
        process.start()
        one.add(Supervised(process, before_start))
        one.start()
        return process

    yield start
    one.close()
    for process in processes:
        process._popen.kill()
        process.wait(5)


def test_a_process_that_dies_is_started_again_and_its_reason_told(one, supervise):
    process = supervise("import time; time.sleep(1000)")
    first = process.pid
    process._popen.kill()
    eventually(lambda: one.starts)
    assert one.starts == [process.pid] != [first]
    assert "web ended (SIGKILL); starting it again in 0.1 s. Log: " in one.told()


def test_a_process_that_ends_well_is_started_again_too(one, supervise):
    supervise("")
    eventually(lambda: len(one.starts) >= 2)
    assert "web ended (exit code 0); starting it again in 0.2 s" in one.told()


def test_its_lines_are_shown_with_its_name(one, supervise):
    supervise("print('hello'); import time; time.sleep(1000)")
    eventually(lambda: "web | hello\n" in one.told())


def test_a_start_that_fails_is_tried_again(one, supervise):
    reasons = [OSError("no room")]

    def before_start():
        if reasons:
            raise reasons.pop()

    supervise("", before_start)
    eventually(lambda: one.starts)
    assert "web ended (no room); starting it again" in one.told()


def test_a_surprise_does_not_end_the_supervision():
    surprises, calm, stream = [ValueError("surprise")], [], io.StringIO()

    def each_tick():
        if surprises:
            raise surprises.pop()
        calm.append(True)

    supervisor = Supervisor(Console(stream), lambda _name, _pid: None, each_tick)
    supervisor.start()
    eventually(lambda: calm)
    supervisor.close()
    assert "stumbled: ValueError('surprise')" in stream.getvalue()


def test_a_paused_supervisor_starts_nothing(one, supervise):
    process = supervise("import time; time.sleep(1000)")
    one.pause()
    process._popen.kill()
    process.wait(5)
    time.sleep(0.5)
    assert one.starts == []


@pytest.mark.parametrize(
    ("code", "words"),
    [(0, "exit code 0"), (1, "exit code 1"), (-signal.SIGTERM, "SIGTERM"), (137, "SIGKILL")],
)
def test_exits_are_described(code, words):
    assert describe_exit(code) == words
