import os
import signal

import pytest
import redis

from devstack.embedded import valkey
from devstack.embedded.errors import PartUnavailable
from devstack.embedded.stack import Stack
from devstack.embedded.valkey import Valkey
from tests.devstack.embedded.support import eventually


@pytest.fixture
def stack(clean_environ, home):
    return lambda: Stack(home, parts=[Valkey], durable=False, environ=clean_environ)


def client(stack):
    return redis.Redis.from_url(stack.environment["REDIS_URL"])


def test_a_queue_outlives_the_stack_and_keeps_its_address(stack):
    with stack() as first, client(first) as connection:
        connection.rpush("queue", "message")
        address = first.environment["REDIS_URL"]
    with stack() as second, client(second) as connection:
        assert connection.lrange("queue", 0, -1) == [b"message"]
        assert second.environment["REDIS_URL"] == address


def test_a_killed_server_comes_back_at_its_address_with_its_queue(stack):
    with stack() as running, client(running) as connection:
        connection.rpush("queue", "message")
        os.kill(running.pids["valkey"], signal.SIGKILL)
        assert eventually(lambda: attempt(connection)) == [b"message"]


def attempt(connection):
    try:
        return connection.lrange("queue", 0, -1)
    except redis.RedisError:
        return None


def test_it_listens_on_loopback_only_and_drops_nothing(stack):
    with stack() as running, client(running) as connection:
        settings = connection.config_get("bind", "maxmemory-policy", "appendonly")
        assert settings == {
            "bind": "127.0.0.1",
            "maxmemory-policy": "noeviction",
            "appendonly": "yes",
        }


def test_another_server_on_the_port_is_not_taken_for_it(stack, home):
    with stack() as running:
        part = Valkey(home)
        part._claim = valkey.ports.Claim(int(running.environment["REDIS_URL"][-7:-2]), None)
        assert part.answers(running.pids["valkey"])
        assert not part.answers(os.getpid())


def test_a_missing_package_names_the_line_that_installs_it(stack, monkeypatch):
    monkeypatch.setattr(valkey, "PACKAGE", "no_such_package")
    with pytest.raises(PartUnavailable, match=r"Valkey cannot start.*requirements/demo\.txt"):
        stack().start()
