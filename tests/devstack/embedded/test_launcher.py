import sys

import pytest

from devstack.embedded.errors import StackError
from devstack.embedded.guardian import Guardian
from devstack.embedded.launcher import Launcher
from devstack.embedded.owned import find
from tests.devstack.embedded.support import environ


@pytest.fixture
def launcher(home):
    """A launcher whose guardian was never started: it is told of processes in vain."""
    (home / "logs").mkdir()
    launcher = Launcher(home, Guardian(home, lock_fd=-1))
    launcher.environment = environ(WHO="world")
    return launcher


def run(launcher, code):
    return launcher.run("check", [sys.executable, "-c", code])


def test_a_command_gets_the_environment_and_its_lines_are_returned(launcher):
    assert run(launcher, "import os; print('hello\\n\\n' + os.environ['WHO'], end='')") == [
        "hello",
        "world",
    ]


def test_only_the_lines_of_this_run_are_returned(launcher):
    assert [run(launcher, f"print({number})") for number in (1, 2)] == [["1"], ["2"]]


def test_a_failure_tells_its_lines_without_djangos_frame(launcher):
    code = "print('SystemCheckError: some issues:\\n\\nERRORS:\\n?: (a.E001) bad'); exit(1)"
    with pytest.raises(StackError) as failed:
        run(launcher, code)
    assert str(failed.value) == "check failed:\n?: (a.E001) bad"


def test_of_a_traceback_only_the_last_line_is_told(launcher, home):
    with pytest.raises(StackError) as failed:
        run(launcher, "raise ValueError('bad')")
    log = home / "logs" / "check.log"
    assert str(failed.value) == f"check failed (exit code 1): ValueError: bad\nLog: {log}"


def test_a_program_that_does_not_exist_is_told_in_words(launcher):
    with pytest.raises(StackError, match=r"web cannot be started: .*no-such-program"):
        launcher.start("web", ["/no-such-program"])


def test_what_a_dead_process_left_is_ended_before_it_starts_again(launcher, home):
    code = "import subprocess, sys; subprocess.Popen(['sleep', '1000'])"
    launcher.start("worker_a", [sys.executable, "-c", code]).wait(10)
    assert [owned.name for owned in find(home)] == ["worker_a"]
    launcher.end_rest("worker_a")
    assert find(home) == []
