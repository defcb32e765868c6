"""A cache of the test's own, servers to stop and pause, and other processes."""

import json
import os
import signal
import subprocess
import sys
import threading
import uuid
from collections import Counter

import pytest
import redis
from django.conf import settings as django_settings
from django.db import connection

from config.env import PROJECT
from devstack.embedded.stack import Stack
from devstack.embedded.valkey import Valkey
from llmconfig.cache import server
from llmconfig.cache.namespace import namespace
from llmconfig.cache.redis_keys import redis_key
from llmconfig.layers.rows import rows_arrange
from llmconfig.layers.static import static_config
from llmconfig.layers.stored import stored_fetch
from llmconfig.resolution.merging import rows_merge
from llmconfig.resolution.resolver import decide
from llmconfig.resolution.selectors import config_resolve
from llmconfig.values import task_types
from tests.llmconfig.conftest import INSIGHT, SEED
from tests.workers.worker_process import database_url

LIMIT = server.TIMEOUT_SECONDS


@pytest.fixture(autouse=True)
def _own_cache(configure, settings, monkeypatch):
    configure(SEED)
    settings.LLM_CACHE_NAMESPACE = uuid.uuid4().hex
    # A busy machine is no outage; connections are made anew, with this limit.
    monkeypatch.setattr(server, "TIMEOUT_SECONDS", 5)
    server._servers.clear()
    yield
    server._servers.clear()


@pytest.fixture
def impatient(monkeypatch):
    """The limit as it is, for servers that hang."""
    monkeypatch.setattr(server, "TIMEOUT_SECONDS", LIMIT)


@pytest.fixture
def resolved():
    """What a user gets now, through the cache."""
    return lambda user: config_resolve(user_id=getattr(user, "pk", user), task_type=INSIGHT)


@pytest.fixture
def truth():
    """What a user should get now: by SQL alone."""

    def ask(user):
        static = static_config()
        rows = rows_arrange(stored_fetch(getattr(user, "pk", user)), static)
        task_types.require(INSIGHT)
        return decide(
            rows_merge(INSIGHT, static=static, rows=rows, request={}), static.model_params
        )

    return ask


@pytest.fixture
def raw():
    """A plain client of the server in force."""
    with redis.Redis.from_url(django_settings.REDIS_URL) as client:
        yield client


@pytest.fixture
def keys(raw):
    """The keys of this test's cache whose names end so."""
    return lambda end: raw.keys(redis_key(f"{namespace(connection)}:*:{end}"))


@pytest.fixture
def commands(raw):
    """The commands on keys of this test's cache while something was done, and how often."""

    def during(work):
        ours, end = redis_key(f"{namespace(connection)}:"), uuid.uuid4().hex
        with raw.monitor() as seen:
            work()
            raw.echo(end)
            heard = list(iter(lambda: seen.next_command()["command"], f"ECHO {end}"))
        return Counter(text.partition(" ")[0].lower() for text in heard if ours in text)

    return during


class OtherProcess:
    def __init__(self, **environment):
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "tests.llmconfig.cache.program"],
            cwd=PROJECT,
            env={
                **os.environ,
                "DATABASE_URL": database_url(),
                "REDIS_URL": django_settings.REDIS_URL,
                "LLM_CONFIG_FILE": str(django_settings.LLM_CONFIG_FILE),
                "LLM_CACHE_NAMESPACE": django_settings.LLM_CACHE_NAMESPACE,
                **environment,
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._answer()

    def ask(self, *words):
        self._send(*words)
        return self._answer()

    def kill_by(self, *words):
        """Tell it to do what ends it."""
        self._send(*words)
        assert self.popen.wait(20) == -signal.SIGKILL

    def close(self):
        self.popen.stdin.close()
        self.popen.wait(20)
        self.popen.stdout.close()

    def _send(self, *words):
        self.popen.stdin.write(" ".join(map(str, words)) + "\n")
        self.popen.stdin.flush()

    def _answer(self):
        return json.loads(self.popen.stdout.readline())


@pytest.fixture
def other_process(transactional_db):
    """Starts other processes on this test's database and cache."""
    started = []

    def start(**environment):
        started.append(OtherProcess(**environment))
        return started[-1]

    yield start
    for process in started:
        process.close()


@pytest.fixture
def elsewhere(transactional_db):
    """Does something in another thread, with a database connection of its own."""

    def do(work):
        answers = []

        def run():
            try:
                answers.append(work())
            finally:
                connection.close()

        thread = threading.Thread(target=run)
        thread.start()
        thread.join(30)
        assert answers, "it raised, or does not end"
        return answers[0]

    return do


class OwnServer:
    """A Valkey to be treated badly; its supervisor brings it back when it is killed."""

    def __init__(self, stack):
        self._stack = stack
        self._paused = None

    @property
    def url(self):
        return self._stack.environment["REDIS_URL"]

    @property
    def pid(self):
        return self._stack.pids["valkey"]

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)

    def pause(self):
        self._paused = self.pid
        os.kill(self._paused, signal.SIGSTOP)

    def resume(self):
        if self._paused:
            os.kill(self._paused, signal.SIGCONT)
        self._paused = None


@pytest.fixture(scope="session")
def _own_stack(tmp_path_factory):
    directory = tmp_path_factory.mktemp("cache")
    with Stack(directory, parts=(Valkey,), durable=False, environ={}) as stack:
        yield stack


@pytest.fixture
def own_server(_own_stack, settings):
    """A server of the test's own, in force as ``REDIS_URL``."""
    own = OwnServer(_own_stack)
    settings.REDIS_URL = own.url
    yield own
    own.resume()
