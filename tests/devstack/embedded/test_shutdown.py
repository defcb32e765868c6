import contextlib
import os
import signal
import subprocess
import threading
import time

import psutil
import pytest

from devstack.embedded import shutdown
from devstack.embedded.owned import find, is_alive, marks
from tests.devstack.embedded.support import eventually

POLITE = """
import pathlib, signal, sys, time
def end(*_):
    with open(sys.argv[1], "a") as file: file.write(sys.argv[2] + "\\n")
    sys.exit()
signal.signal(signal.SIGTERM, end); signal.signal(signal.SIGINT, end)
pathlib.Path(sys.argv[1] + "." + sys.argv[2]).touch()
time.sleep(1000)
"""
STUBBORN = "trap '' TERM INT; touch {ready}; while :; do sleep 0.1; done"


@pytest.fixture
def start(tmp_path):
    """Starts a command as a named process of the home ``tmp_path``."""
    with contextlib.ExitStack() as stack:

        def run(name, *command):
            environment = {**os.environ, **marks(tmp_path, name)}
            popen = subprocess.Popen(command, env=environment, start_new_session=True)
            stack.callback(popen.wait)
            stack.callback(lambda: popen.poll() is None and os.killpg(popen.pid, signal.SIGKILL))
            return popen

        yield run


def test_intake_stops_before_workers_and_parts_stop_last(start, tmp_path):
    diary = tmp_path / "diary"
    names = ["postgres", "valkey", "worker_b", "web", "model_server"]
    for name in names:
        start(name, "python3", "-c", POLITE, str(diary), name)
    eventually(lambda: all((tmp_path / f"diary.{name}").exists() for name in names))
    assert shutdown.stop(lambda: find(tmp_path)) == []
    assert diary.read_text().split() == ["web", "worker_b", "model_server", "valkey", "postgres"]


def test_what_does_not_stop_in_its_time_is_killed_and_named(start, tmp_path):
    popen = start("web", "sh", "-c", STUBBORN.format(ready=tmp_path / "ready"))
    eventually((tmp_path / "ready").exists)
    assert shutdown.stop(lambda: find(tmp_path), limit_seconds=lambda: 0.3) == ["web"]
    assert popen.wait() == -signal.SIGKILL
    assert find(tmp_path) == []


def test_hurry_cuts_a_wait_that_has_begun(start, tmp_path):
    start("worker_a", "sh", "-c", STUBBORN.format(ready=tmp_path / "ready"))
    eventually((tmp_path / "ready").exists)
    hurry = threading.Event()
    threading.Timer(0.3, hurry.set).start()
    started = time.monotonic()
    shutdown.stop(lambda: find(tmp_path), limit_seconds=lambda: 0.1 if hurry.is_set() else 60)
    assert time.monotonic() - started < 5


def test_workers_are_asked_twice_the_second_time_to_hurry(start, tmp_path):
    script = (
        "trap 'trap \"touch {dir}/hurried; exit\" TERM; touch {dir}/asked' TERM;"
        "touch {dir}/ready; while :; do sleep 0.1; done"
    )
    popen = start("worker_a", "sh", "-c", script.format(dir=tmp_path))
    eventually((tmp_path / "ready").exists)
    assert shutdown.stop(lambda: find(tmp_path), limit_seconds=lambda: 1.0) == []
    assert (tmp_path / "asked").exists()
    assert (tmp_path / "hurried").exists()
    assert popen.wait() == 0


def test_a_program_is_asked_when_the_shell_before_it_is_gone(start, tmp_path):
    (tmp_path / "polite.py").write_text(POLITE)
    start("web", "sh", "-c", f"cd {tmp_path}; python3 polite.py diary web; true")
    eventually((tmp_path / "diary.web").exists)
    assert shutdown.stop(lambda: find(tmp_path)) == []
    assert (tmp_path / "diary").read_text() == "web\n"


def test_a_parent_is_left_to_stop_its_children_itself(start, tmp_path):
    (tmp_path / "polite.py").write_text(POLITE)
    ending = "trap 'sleep 0.3; kill -9 $!; exit' TERM"
    start("worker_a", "sh", "-c", f"{ending}; cd {tmp_path}; python3 polite.py diary child & wait")
    eventually((tmp_path / "diary.child").exists)
    assert shutdown.stop(lambda: find(tmp_path)) == []
    assert not (tmp_path / "diary").exists()


def test_nothing_to_stop_is_no_work(tmp_path):
    assert shutdown.stop(lambda: find(tmp_path)) == []


def test_a_dead_process_is_not_signalled(start):
    popen = start("web", "true")
    process = psutil.Process(popen.pid)
    popen.wait()
    assert not is_alive(process)
    shutdown._send(process, signal.SIGTERM)
