import os
import signal
import subprocess
import sys

import psutil
import pytest

from devstack.embedded.guardian import Guardian, read_until_end
from devstack.embedded.owned import find, is_alive, marks
from devstack.embedded.stack import Stack
from tests.devstack.embedded.support import (
    PROJECT,
    SLEEP,
    VALKEY_ONLY,
    WEB,
    eventually,
    pids,
    program,
    write_procfile,
)


@pytest.fixture
def procfile(tmp_path):
    return write_procfile(tmp_path, web=WEB, worker_a=SLEEP, beat=SLEEP)


def guardians(home):
    """Guardians of the home, by their command line."""
    command = ["-m", "devstack.embedded.guardian", str(home)]
    processes = psutil.process_iter(["cmdline"])
    return [one for one in processes if (one.info["cmdline"] or [])[1:4] == command]


def test_nothing_is_left_when_the_supervisor_is_killed(procfile, home):
    with program(home, procfile, "--parts", "valkey", "postgres") as running:
        running.ready()
        everything = [*psutil.Process(running.popen.pid).children(recursive=True)]
        assert {"web", "worker_a", "beat", "valkey", "postgres"} <= set(pids(home))
        running.send(signal.SIGKILL)
        running.end()
        eventually(lambda: not any(map(is_alive, everything)), seconds=15)
    assert find(home) == []
    assert guardians(home) == []
    assert not (home / "stack.json").exists()


def test_a_start_right_after_a_crash_waits_and_runs(procfile, home):
    with program(home, procfile, "--parts", "valkey") as first:
        first.ready()
        first.send(signal.SIGKILL)
        first.end()
    with program(home, procfile, "--parts", "valkey") as second:
        second.ready()


def test_a_killed_guardian_is_replaced_and_guards_again(procfile, home):
    with program(home, procfile) as running:
        running.ready()
        (first,) = guardians(home)
        first.kill()
        eventually(lambda: [one for one in guardians(home) if one.pid != first.pid])
        running.send(signal.SIGKILL)
        running.end()
        eventually(lambda: not find(home) and not guardians(home))


def test_what_supervisor_and_guardian_left_is_stopped_by_the_next_start(procfile, home):
    with program(home, procfile, "--parts", "valkey") as running:
        running.ready()
        (guardian,) = guardians(home)
        running.send(signal.SIGSTOP)
        guardian.kill()
        running.send(signal.SIGKILL)
        running.end()
        left = find(home)
    assert {owned.name for owned in left} == {"web", "worker_a", "beat", "valkey"}
    with program(home, procfile, "--parts", "valkey") as second:
        second.ready()
        assert "an earlier stack left: beat, valkey, web, worker_a" in second.output
        assert not any(is_alive(owned.process) for owned in left)


def test_a_temporary_home_goes_with_a_crash(home):
    program = f"""
import os, pathlib
from devstack.embedded.stack import Stack
Stack(pathlib.Path({str(home)!r}), parts=(), temporary=True).start()
os._exit(1)
"""
    subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=False)
    eventually(lambda: not home.exists())


def test_a_good_end_leaves_no_guardian(home, clean_environ):
    with Stack(home, parts=VALKEY_ONLY, environ=clean_environ):
        assert len(guardians(home)) == 1
    assert guardians(home) == []


def test_the_guardian_ignores_what_ends_other_processes(home, clean_environ):
    with Stack(home, parts=(), environ=clean_environ):
        (guardian,) = guardians(home)
        eventually(lambda: "devstack.embedded" in " ".join(guardian.cmdline()) and ready(guardian))
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            guardian.send_signal(number)
        assert is_alive(guardian)


def ready(process):
    """Whether it has set its signal handling (it then waits on its pipe)."""
    ignored = open_status(process).split("SigIgn:")[1].split()[0]
    return int(ignored, 16) & (1 << (signal.SIGTERM - 1))


def open_status(process):
    with open(f"/proc/{process.pid}/status") as file:
        return file.read()


def test_the_wire_ends_with_done_or_with_what_was_started():
    mine = b'{"name": "web", "pid": %d}\n{"name": "gone", "pid": 4194305}\n' % os.getpid()
    for end, names in ((b'{"done": true}\n', None), (b"", {"web"})):
        read, write = os.pipe()
        os.write(write, mine + end)
        os.close(write)
        watched = read_until_end(read, os.getppid())
        assert (watched and set(watched)) == names
        os.close(read)


def test_a_guardian_without_its_parent_acts_though_the_pipe_is_open():
    read, write = os.pipe()
    assert read_until_end(read, parent=-1) == {}
    os.close(read)
    os.close(write)


def test_telling_a_dead_guardian_is_no_error(home, tmp_path):
    with (tmp_path / "lock").open("w") as lock:
        guardian = Guardian(home, lock_fd=lock.fileno())
        guardian.start()
        guardian._popen.kill()
        guardian._popen.wait()
        guardian.watch("web", os.getpid())
        guardian.dismiss()
    assert marks(home, "web")
