import json
import os
import re
import signal
import socket

import psycopg
import pytest
import redis

from config.process_start import process_start
from devstack.embedded.errors import PortTaken, StackError
from devstack.embedded.owned import find
from devstack.embedded.stack import Stack
from tests.devstack.embedded.support import (
    SLEEP,
    VALKEY_AND_POSTGRES,
    WEB,
    environ,
    eventually,
    pids,
    program,
    write_procfile,
)


@pytest.fixture
def procfile(tmp_path):
    return write_procfile(tmp_path, web=WEB, worker_a=SLEEP, beat=SLEEP)


@pytest.fixture
def web_stack(home, procfile):
    """Makes a stack of processes without parts and without Django's project."""

    def make(**options):
        return Stack(
            home,
            processes=True,
            procfile_path=procfile,
            parts=(),
            manage=False,
            environ=environ(),
            **options,
        )

    return make


def test_parts_start_where_no_variable_names_another(home, clean_environ):
    with Stack(home, parts=VALKEY_AND_POSTGRES, durable=False, environ=clean_environ) as stack:
        assert set(stack.pids) == {"valkey", "postgres"}
        with psycopg.connect(stack.environment["DATABASE_URL"]) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        with redis.Redis.from_url(stack.environment["CELERY_BROKER_URL"]) as client:
            assert client.ping()


def test_what_a_variable_names_is_not_started(home, clean_environ):
    named = {"DATABASE_URL": "postgresql://elsewhere/db", "REDIS_URL": "redis://elsewhere/0"}
    with Stack(home, parts=VALKEY_AND_POSTGRES, environ=clean_environ | named) as stack:
        assert stack.pids == {}
        assert stack.environment == named | {"CELERY_BROKER_URL": "redis://elsewhere/0"}


def test_nothing_is_left_when_the_block_ends(web_stack, home):
    with web_stack() as stack:
        assert set(stack.pids) == {"web", "worker_a", "beat"}
        running = find(home)
    assert running
    assert find(home) == []
    assert not (home / "stack.json").exists()


def test_stack_json_tells_where_the_stack_answers(web_stack, home):
    with web_stack() as stack:
        told = json.loads((home / "stack.json").read_text())
        assert told == {
            "pid": os.getpid(),
            "start": process_start(os.getpid()),
            "web": stack.web_url,
            "environment": stack.environment,
        }


def test_a_block_that_fails_stops_everything(web_stack, home):
    with pytest.raises(RuntimeError), web_stack():
        raise RuntimeError
    assert find(home) == []


def test_without_a_port_another_free_one_is_taken(web_stack):
    with web_stack() as first, socket.create_connection(("127.0.0.1", port_of(first))):
        assert 8000 <= port_of(first) < 9000


def port_of(stack):
    return int(stack.web_url.rsplit(":", 1)[1])


def test_an_asked_port_that_is_taken_is_refused(web_stack, home):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(PortTaken, match=f"Port {port} cannot be used: Address already in use"):
            web_stack(port=port).start()
    assert find(home) == []


def test_a_host_that_is_not_ours_is_refused(web_stack):
    with pytest.raises(StackError, match=r"Cannot listen on 192\.0\.2\.1"):
        web_stack(host="192.0.2.1").start()


def test_a_home_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StackError, match=r"file/home cannot be used: Not a directory"):
        Stack(tmp_path / "file" / "home").start()


def test_a_process_that_never_comes_up_ends_the_start_with_its_last_line(
    web_stack, procfile, monkeypatch, home
):
    monkeypatch.setattr("devstack.embedded.backoff.BASE_SECONDS", 0.05)
    write_procfile(procfile.parent, web="sh -c 'echo no settings; exit 3'")
    with pytest.raises(StackError, match=r"web ended 3 times before all was ready: no settings"):
        web_stack().start()
    assert find(home) == []


def test_two_homes_run_side_by_side(procfile, tmp_path, home):
    other = tmp_path / "other"
    with program(home, procfile) as first, program(other, procfile) as second:
        first.ready()
        second.ready()
        webs = {json.loads((one / "stack.json").read_text())["web"] for one in (home, other)}
        assert len(webs) == 2


def test_a_second_stack_of_one_home_is_refused_with_pid_and_address(procfile, home):
    with program(home, procfile) as first:
        first.ready()
        web = json.loads((home / "stack.json").read_text())["web"]
        with program(home, write_procfile(home, web=WEB)) as second:
            assert second.end() == 1
            assert f"runs from {home} already: process {first.popen.pid}, {web}" in second.output
        assert first.popen.poll() is None


def test_a_killed_worker_is_replaced(procfile, home):
    with program(home, procfile) as running:
        running.ready()
        first = pids(home)["worker_a"]
        os.kill(first, signal.SIGKILL)
        eventually(lambda: running.says("worker_a ended (SIGKILL); starting it again in 1 s"))
        eventually(lambda: pids(home).get("worker_a", first) != first)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_terminals_group_stops_all_in_order(procfile, home, number):
    with program(home, procfile) as running:
        running.ready()
        os.killpg(running.popen.pid, number)
        assert running.end() == 0
        assert re.search(r"Stopping\nstopped\n$", running.output)
    assert find(home) == []


def test_a_second_signal_hurries(tmp_path, home):
    stubborn = "sh -c 'trap \"\" TERM; while :; do sleep 0.1; done'"
    with program(home, write_procfile(tmp_path, worker_a=stubborn)) as running:
        running.ready()
        running.send(signal.SIGINT)
        eventually(lambda: running.says("Stopping"))
        running.send(signal.SIGINT)
        assert running.popen.wait(5) == 0
        assert running.says("worker_a did not stop in time and was killed")


def test_a_signal_during_the_start_stops_what_runs(tmp_path, home):
    with program(home, write_procfile(tmp_path, web=SLEEP)) as running:
        eventually(lambda: "web" in pids(home))
        running.send(signal.SIGINT)
        assert running.end() == 0
    assert find(home) == []


def test_a_fork_of_the_program_stops_nothing(web_stack, home):
    with web_stack() as stack:
        stack._owner += 1
        stack.stop()
        stack._owner -= 1
        assert set(stack.pids) == {"web", "worker_a", "beat"}
