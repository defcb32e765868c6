"""Database and broker go away and come back: nothing is lost, and nobody waits for long."""

import threading
import time

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from knox.models import AuthToken
from rest_framework.test import APIClient

from tests.proxy import Proxy
from tests.workers.waiting import wait_until
from tests.workers.worker_process import WorkerProcess, database_url
from workers import attempts, outages, writes
from workers.enqueue import enqueue
from workers.leases import leases
from workers.models import TaskRun
from workers.runner import run_deliver
from workers.sweeper import sweep
from workers.testing.behaviours import SlowFirstToken

BODY = {"task_type": "TASK_TYPE_TEXT_GENERATION", "payload": {"prompt": "Say hello."}}


@pytest.fixture
def database():
    """A wire to the database that can be cut."""
    named = connection.settings_dict
    host, port = named["HOST"] or "127.0.0.1", int(named["PORT"] or 5432)
    target = f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, port)
    with Proxy(target) as proxy:
        yield proxy


def test_an_answer_that_comes_while_the_database_is_away_is_kept(
    transactional_db, broker, ollama, person, finished, database, tmp_path
):
    ollama.script("ok:3b", [SlowFirstToken(2)])
    url = database_url(host="127.0.0.1", port=database.port)
    with WorkerProcess(tmp_path, DATABASE_URL=url) as worker:
        run = enqueue(**BODY, user_id=person.pk)
        wait_until(lambda: ollama.requests("/api/chat"))
        database.cut()
        answered = ollama.requests("/api/chat")[0]
        wait_until(lambda: answered.ended_at)
        wait_until(lambda: "error connecting" in worker.log.read_text())
        assert TaskRun.objects.get(pk=run.pk).status == "running"
        database.mend()
        ended = finished(run, seconds=40)
        assert (ended.status, ended.losses, ended.deliveries) == ("succeeded", 0, 1)
        assert ended.attempts.count() == 1
        assert len(ollama.requests("/api/chat")) == 1
        # And it works on as before.
        assert finished(enqueue(**BODY, user_id=person.pk), seconds=40).status == "succeeded"
        assert worker.runs


def test_an_answer_that_is_not_written_before_the_deadline_comes_too_late(
    transactional_db, broker, ollama, person, monkeypatch
):
    make = attempts.attempt_make

    def make_until_the_deadline(run, *rest):
        made = make(run, *rest)
        run.deadline = timezone.now()
        run.save(update_fields=["deadline"])
        return made

    monkeypatch.setattr(attempts, "attempt_make", make_until_the_deadline)
    run = enqueue(**BODY, user_id=person.pk)
    run_deliver(run.pk)
    run.refresh_from_db()
    # Whoever asked meanwhile was told so.
    assert (run.status, run.result) == ("expired", None)
    assert run.error["code"] == "deadline_exceeded"
    assert [attempt.outcome for attempt in run.attempts.all()] == ["succeeded"]


def away(times):
    """A write that fails so many times before it succeeds."""
    left = list(range(times))

    def write(*_args, **_named):
        if left:
            left.pop()
            raise OperationalError("the server closed the connection unexpectedly")
        return "written"

    return write


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(outages, "AGAIN_EVERY_SECONDS", 0.01)
    return lambda seconds: monkeypatch.setattr(outages, "PATIENCE_SECONDS", seconds)


def test_a_write_is_made_again_until_the_database_takes_it(db, impatient):
    impatient(60)
    assert outages.patiently(away(3), threading.Event()) == "written"


@pytest.mark.parametrize("why", ["patience", "stop"])
def test_a_write_is_given_up_at_last(db, impatient, why):
    impatient(0 if why == "patience" else 60)
    stop = threading.Event()
    if why == "stop":
        stop.set()
    with pytest.raises(OperationalError):
        outages.patiently(away(1), stop)


def test_a_run_whose_outcome_cannot_be_written_is_done_again_by_the_next_delivery(
    transactional_db, broker, ollama, person, impatient, monkeypatch
):
    impatient(0)
    run = enqueue(**BODY, user_id=person.pk)
    with monkeypatch.context() as patch:
        patch.setattr(writes, "claim_end", away(1))
        with pytest.raises(OperationalError):
            run_deliver(run.pk)
    assert TaskRun.objects.get().status == "running"
    leases.look()
    assert TaskRun.objects.get().status == "retrying"
    run_deliver(run.pk)
    ended = TaskRun.objects.get()
    assert (ended.status, ended.losses, ended.attempts.count()) == ("succeeded", 0, 1)


@pytest.fixture
def client(person, ollama, transactional_db):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {AuthToken.objects.create(user=person)[1]}")
    return client


@pytest.mark.parametrize("warm", [True, False], ids=["connected before", "never connected"])
@pytest.mark.parametrize("fault", ["cut", "freeze"])
def test_work_is_accepted_while_the_broker_is_away_and_sent_when_it_is_back(
    client, wire, warm, fault
):
    if warm:
        assert client.post("/v1/tasks", BODY).json()["status"] == "queued"
    getattr(wire, fault)()
    began = time.monotonic()
    answer = client.post("/v1/tasks", BODY)
    assert (answer.status_code, answer.json()["status"]) == (202, "pending")
    # Three waits of two seconds, where a hanging broker would hold it for ever.
    assert time.monotonic() - began < 20
    # The next request does not even try.
    assert client.post("/v1/tasks", BODY).json()["status"] == "pending"
    wire.mend() if fault == "cut" else wire.thaw()
    wait_until(lambda: sweep() == 2)
    assert set(TaskRun.objects.values_list("status", flat=True)) == {"queued"}
