"""What a broker can do to a worker process: the worker lives on, and a run is made once.

Without ``config.celery_consumer`` Celery 5.7.0's worker exits in these tests.
"""

import os
import signal
import time

import pytest
import redis
from django.conf import settings
from kombu import Connection

from devstack.embedded.stack import Stack
from devstack.embedded.valkey import Valkey
from tests.workers.worker_process import WorkerProcess
from workers.models import TaskRun
from workers.submission.enqueue import enqueue
from workers.testing.behaviours import SlowFirstToken

PROMPT = {"prompt": "Say hello."}
QUEUE = "llm.text_generation"
NO_TASK_MESSAGES = ({}, [1], "text", [[], {}], [[1, 2, 3], 4, {}], None)


@pytest.fixture
def valkey(tmp_path_factory):
    """A broker of this test's own; the supervisor brings it back when it is killed."""
    with Stack(tmp_path_factory.mktemp("stack"), parts=(Valkey,), environ={}) as stack:
        yield stack


@pytest.fixture
def worker(valkey, ollama, transactional_db, tmp_path):
    """A worker process on that broker, as the Procfile starts it."""
    broker_url = valkey.environment["CELERY_BROKER_URL"]
    with WorkerProcess(tmp_path, concurrency=1, CELERY_BROKER_URL=broker_url) as process:
        yield process


@pytest.fixture
def ask(broker, person):
    """Accepts a run and leaves its publishing to the worker's sweeper, which has its own broker."""

    def accept():
        run = enqueue(task_type="TASK_TYPE_TEXT_GENERATION", payload=PROMPT, user_id=person.pk)
        TaskRun.objects.filter(pk=run.pk).update(status="pending", published_at=None)
        return run

    return accept


def test_a_worker_survives_the_restart_of_its_broker(valkey, worker, ask, ollama, finished):
    ollama.script("ok:3b", [SlowFirstToken(4)])
    run = ask()
    assert ollama.wait_until(lambda: ollama.requests("/api/chat"), seconds=30)
    os.kill(valkey.pids["valkey"], signal.SIGKILL)

    ended = finished(run, seconds=30)
    assert (ended.status, ended.attempts.count()) == ("succeeded", 1)
    assert finished(ask(), seconds=30).status == "succeeded"
    assert worker.runs
    assert len(ollama.requests("/api/chat")) == 2


FAULTS = {
    "a replica": (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE")),
    "full": (("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0")),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_worker_waits_for_a_redis_that_refuses(valkey, worker, ask, ollama, finished, fault):
    """At work, with an acknowledgement to send and the next message to read."""
    begin, end = FAULTS[fault]
    ollama.script("ok:3b", [SlowFirstToken(3)])
    run, queued = ask(), ask()
    assert ollama.wait_until(lambda: ollama.requests("/api/chat"), seconds=30)
    with redis.Redis.from_url(valkey.environment["REDIS_URL"]) as client:
        assert ollama.wait_until(lambda: client.keys("*llm.text_generation"), seconds=10)
        client.execute_command(*begin)
        assert finished(run).status == "succeeded"
        unpublished = ask()
        time.sleep(2)
        client.execute_command(*end)
    assert {finished(each).status for each in (queued, unpublished)} == {"succeeded"}
    assert worker.runs
    log = worker.log.read_text()
    assert "Traceback" not in log
    lost = [line for line in log.splitlines() if "WARNING celery" in line]
    assert len(lost) == 1
    assert log.count("The broker takes no messages") == 1


def test_a_worker_drops_what_is_no_task_message(valkey, worker, ask, finished):
    assert finished(ask(), seconds=30).status == "succeeded"
    options = {"global_keyprefix": settings.REDIS_KEY_PREFIX}
    with Connection(valkey.environment["CELERY_BROKER_URL"], transport_options=options) as broker:
        for body in NO_TASK_MESSAGES:
            broker.Producer().publish(
                body,
                routing_key=QUEUE,
                serializer="json",
                headers={"task": QUEUE, "id": "x", "lang": "py"},
            )
    assert finished(ask(), seconds=30).status == "succeeded"
    assert worker.runs
