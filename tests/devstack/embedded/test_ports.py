import contextlib
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from devstack.embedded import ports
from devstack.embedded.errors import PortTaken
from tests.devstack.embedded.support import PROJECT

CLAIMER = """
import sys, time
from devstack.embedded import ports
claim = ports.claim([int(sys.argv[1])])
print("claimed", flush=True)
time.sleep(1000)
"""


@pytest.fixture
def port():
    return ports_free()


def ports_free():
    claimed = ports.claim(ports.candidates(Path("/tests"), "test_ports"))
    claimed.release()
    return claimed.port


@contextlib.contextmanager
def listener(port, host="127.0.0.1"):
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((host, port))
        server.listen()
        yield


def test_a_port_that_somebody_listens_on_is_passed_over(port):
    with listener(port), contextlib.closing(ports.claim([port, port + 1]).holder) as holder:
        assert holder.getsockname()[1] == port + 1


def test_a_listener_on_all_addresses_takes_the_port_too(port):
    with listener(port, "0.0.0.0"):  # noqa: S104  (what is tested)
        assert ports.refusal("127.0.0.1", port) is not None


def test_a_claimed_port_is_not_claimed_twice(port):
    first = ports.claim([port])
    with pytest.raises(PortTaken, match="No free port"):
        ports.claim([port])
    first.release()
    ports.claim([port]).release()


def test_a_claim_ends_with_its_process(port):
    command = [sys.executable, "-c", CLAIMER, str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=PROJECT) as other:
        assert other.stdout.readline() == b"claimed\n"
        with pytest.raises(PortTaken):
            ports.claim([port])
        other.kill()
    ports.claim([port]).release()


def test_a_home_gets_the_same_ports_at_every_start_and_another_home_others(tmp_path):
    def first(home):
        return next(ports.candidates(home, "valkey"))

    assert first(tmp_path) == first(tmp_path)
    assert first(tmp_path) != first(tmp_path / "other")


def test_ports_lie_below_the_ephemeral_range(tmp_path):
    assert all(20_000 <= port < 30_000 for port in ports.candidates(tmp_path, "valkey"))


def test_an_unknown_host_is_refused_in_words():
    assert ports.refusal("no.such.host.invalid", 0) is not None
