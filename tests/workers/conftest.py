"""A real worker on a real broker, and a model server that does what a test asks for."""

import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import kombu.pools
import pytest
import redis
from celery import current_app
from celery.contrib.testing.worker import start_worker, test_worker_started
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import override_settings

from config.settings import base
from tests.proxy import Proxy
from workers.backends import load_faults, unopened_thinking
from workers.gates import reachability
from workers.gates.parking import Releaser
from workers.models import Installation, TaskRun
from workers.process.installation import identity_key
from workers.process.sweeper import Sweeper
from workers.runs.states import FINAL

#: The configuration of the seed cases, in names that the fake server answers to.
CONFIG = """\
default: {model: "ok:3b", fallback_model: "ok:1b", timeout: "60s", max_retries: 3}
task_types:
  TASK_TYPE_INSIGHT_GENERATION: {model: "ok:3b", timeout: "45s", max_retries: 2}
  TASK_TYPE_WEEKLY_REPORT: {model: "ok:7b", timeout: "120s", max_retries: 3}
"""

#: The suite's own are patient, for the worker that runs beside its tests.
WEB_OPTIONS = base.CELERY_BROKER_TRANSPORT_OPTIONS


@pytest.fixture
def config_file(tmp_path: Path):
    """Writes the YAML that is in force and returns a function that replaces it."""

    def write(text: str) -> None:
        path = tmp_path / f"llm-{time.monotonic_ns()}.yaml"
        path.write_text(text)
        override = override_settings(LLM_CONFIG_FILE=path, LLM_ENVIRON={})
        override.enable()
        overrides.append(override)

    overrides: list[override_settings] = []
    write(CONFIG)
    yield write
    for override in reversed(overrides):
        override.disable()


@pytest.fixture
def ollama(fake_ollama, config_file, settings):
    """The fake model server, as the one that workers use."""
    settings.OLLAMA_HOST = fake_ollama.host
    # A test before may have seen this port closed.
    reachability.note(fake_ollama.host, is_up=True)
    return fake_ollama


@pytest.fixture(autouse=True)
def fresh_memory():
    """Without what another test's models did on a port that is taken again."""
    load_faults._faults.clear()
    unopened_thinking._found.clear()


@pytest.fixture
def person(db):
    return get_user_model().objects.create_user("ada")


@pytest.fixture(scope="session")
def identity(django_db_setup, django_db_blocker):
    """That of the suite's database."""
    with django_db_blocker.unblock():
        found = str(Installation.objects.get())
        connection.close()
    return found


@pytest.fixture
def broker(identity):
    """Celery's application on the real broker, with empty queues and the suite's identity."""
    app = current_app._get_current_object()
    app.control.purge()
    # Other tests empty Redis, or have it be another installation's.
    for url in {settings.REDIS_URL, app.conf.broker_url}:
        if url.startswith("redis"):
            with redis.Redis.from_url(url) as client:
                client.set(identity_key(), identity)
    yield app
    app.control.purge()


@pytest.fixture
def wire(broker):
    """A wire to the broker; Celery publishes over it, as impatiently as a web process."""
    url = urlsplit(broker.conf.broker_url)
    with Proxy((url.hostname, url.port or {"amqp": 5672}.get(url.scheme, 6379))) as proxy:
        user, at, _host = url.netloc.rpartition("@")
        through = urlunsplit(url._replace(netloc=f"{user}{at}127.0.0.1:{proxy.port}"))
        before, options = broker.conf.broker_url, broker.conf.broker_transport_options
        publish_to(broker, through, {**options, **WEB_OPTIONS})
        yield proxy
        proxy.thaw()
        publish_to(broker, before, options)


def publish_to(app, url, options):
    app.conf.broker_url = app.conf.broker_write_url = app.conf.broker_read_url = url
    app.conf.broker_transport_options = options
    app.pool.force_close_all()
    app._pool = app.amqp._producer_pool = None
    kombu.pools.reset()


@pytest.fixture
def celery_worker(transactional_db, broker, ollama):
    """A worker of all queues in the thread pool, in this process."""
    # The testing worker sends no worker_ready, on which real ones start to sweep.
    threads = [Sweeper(), Releaser(broker.amqp.queues)]
    with start_worker(broker, pool="threads", concurrency=4, perform_ping_check=False) as worker:
        for thread in threads:
            thread.start()
        yield worker
        for thread in threads:
            thread.stop()
            thread.join()


@test_worker_started.connect
def _keep_looking(worker, **_):
    """No signal wakes a worker in a thread; over AMQP it would sleep through its own stop."""
    worker.timer.call_repeatedly(0.2, lambda: None)


@pytest.fixture
def finished():
    """Waits for a run's final state and returns it fresh."""

    def wait(run, seconds: float = 20) -> TaskRun:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            fresh = TaskRun.objects.prefetch_related("attempts").get(pk=run.pk)
            if fresh.status in FINAL:
                return fresh
            time.sleep(0.05)
        raise AssertionError(f"still {fresh.status} after {seconds} s: {fresh.error}")

    return wait
