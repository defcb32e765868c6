import os
import subprocess
import sys
import threading
import time

import pytest

from devstack.embedded import state
from devstack.embedded.errors import AlreadyRunning
from devstack.embedded.lock import HomeLock


@pytest.fixture
def held(tmp_path):
    lock = HomeLock(tmp_path)
    lock.acquire()
    yield lock
    lock.release()


def test_a_second_stack_of_a_home_is_refused_with_pid_and_address(held, tmp_path):
    state.write(tmp_path, web="http://127.0.0.1:8123", environment={})
    with pytest.raises(AlreadyRunning) as refused:
        HomeLock(tmp_path).acquire()
    assert str(os.getpid()) in str(refused.value)
    assert "http://127.0.0.1:8123" in str(refused.value)


def test_a_stack_that_still_starts_is_named_by_its_pid(held, tmp_path):
    with pytest.raises(AlreadyRunning, match=f"starting or stopping.*{os.getpid()}"):
        HomeLock(tmp_path).acquire()


def test_a_released_home_can_be_taken_again(held, tmp_path):
    held.release()
    again = HomeLock(tmp_path)
    again.acquire()
    again.release()


def test_a_start_waits_while_a_dead_stack_is_cleaned_up(held, tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (tmp_path / "lock").write_text(str(ended.pid))
    timer = threading.Timer(0.5, held.release)
    timer.start()
    started = time.monotonic()
    again = HomeLock(tmp_path)
    again.acquire()
    again.release()
    assert time.monotonic() - started >= 0.4
    timer.join()
