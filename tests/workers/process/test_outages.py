"""Database and broker go away and come back: nothing is lost, and nobody waits for long."""

import pkgutil
import threading
import time
from typing import ClassVar

import psycopg
import pytest
from django.db import InternalError, OperationalError, connection
from django.utils import timezone
from knox.models import AuthToken
from rest_framework.test import APIClient

from tests.proxy import Proxy
from tests.workers.waiting import wait_until
from tests.workers.worker_process import WorkerProcess, database_url
from workers import tasks
from workers.execution import attempts, database_patience, runner
from workers.execution.leases import leases
from workers.execution.runner import run_deliver
from workers.models import TaskRun
from workers.process.sweeper import sweep
from workers.runs import transitions
from workers.submission.enqueue import enqueue
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
        wait_until(lambda: "The database is unreachable" in worker.log.read_text())
        assert TaskRun.objects.get(pk=run.pk).status == "running"
        database.mend()
        ended = finished(run, seconds=40)
        assert (ended.status, ended.losses, ended.deliveries) == ("succeeded", 0, 1)
        assert ended.attempts.count() == 1
        assert len(ollama.requests("/api/chat")) == 1
        # Of all its threads, whatever they tried, there is one line.
        assert worker.log.read_text().count("The database is unreachable") == 1
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


def away(times, sqlstate=None):
    """A write that fails so many times, with this code of PostgreSQL, before it succeeds."""
    left = list(range(times))

    def write(*_args, **_named):
        if left:
            left.pop()
            if sqlstate is None:
                raise OperationalError("the server closed the connection unexpectedly")
            error = psycopg.errors.lookup(sqlstate)("it fails")
            is_internal = isinstance(error, psycopg.InternalError)
            raise (InternalError if is_internal else OperationalError)("it fails") from error
        return "written"

    return write


@pytest.fixture
def impatient(monkeypatch):
    def limit(seconds):
        monkeypatch.setattr(database_patience, "PATIENCE_SECONDS", seconds)
        monkeypatch.setattr(runner, "LONGEST_DELIVERY_SECONDS", seconds)

    monkeypatch.setattr(database_patience, "AGAIN_EVERY_SECONDS", 0.001)
    return limit


@pytest.mark.parametrize(
    ("times", "sqlstate"),
    [(30, None), (30, "25006"), (30, "53100"), (30, "53300"), (3, "40P01"), (3, "57014")],
    ids=["unreachable", "read-only", "disk full", "no connection", "deadlock", "timeout"],
)
def test_a_write_is_made_again_until_the_database_takes_it(db, impatient, times, sqlstate):
    impatient(60)
    assert database_patience.patiently(away(times, sqlstate), threading.Event()) == "written"


@pytest.mark.parametrize(
    ("sqlstate", "kind"), [("57014", OperationalError), ("58030", OperationalError)]
)
def test_a_fault_that_may_be_permanent_is_tried_a_few_times(db, impatient, sqlstate, kind):
    impatient(60)
    with pytest.raises(kind):
        database_patience.patiently(away(30, sqlstate), threading.Event())


def test_a_mistake_of_ours_is_tried_once(db, impatient):
    impatient(60)
    with pytest.raises(InternalError):
        database_patience.patiently(away(1, "25P02"), threading.Event())


@pytest.mark.parametrize("why", ["patience", "stop"])
def test_a_write_is_given_up_at_last(db, impatient, why):
    impatient(0 if why == "patience" else 60)
    stop = threading.Event()
    if why == "stop":
        stop.set()
    with pytest.raises(OperationalError):
        database_patience.patiently(away(1), stop)


def test_a_run_whose_outcome_cannot_be_written_is_done_again_by_the_next_delivery(
    transactional_db, broker, ollama, person, impatient, monkeypatch
):
    impatient(0)
    run = enqueue(**BODY, user_id=person.pk)
    with monkeypatch.context() as patch:
        patch.setattr(transitions, "claim_end", away(1))
        with pytest.raises(OperationalError):
            run_deliver(run.pk)
    assert TaskRun.objects.get().status == "running"
    leases.look()
    assert TaskRun.objects.get().status == "retrying"
    run_deliver(run.pk)
    ended = TaskRun.objects.get()
    assert (ended.status, ended.losses, ended.attempts.count()) == ("succeeded", 0, 1)


def test_a_run_whose_outcome_can_never_be_written_fails(
    transactional_db, broker, ollama, person, impatient, monkeypatch
):
    impatient(60)
    run = enqueue(**BODY, user_id=person.pk)
    with monkeypatch.context() as patch:
        # What fails is the answer, and not the word that it failed.
        patch.setattr(transitions, "run_succeed", away(30, "57014"))
        run_deliver(run.pk)
    ended = TaskRun.objects.get()
    assert (ended.status, ended.error["code"]) == ("failed", "internal_error")
    assert "too slow" in ended.error["detail"]


@pytest.mark.parametrize(
    "place", ["workers.execution.runner.header.config_of", "workers.execution.runner.sight_of"]
)
def test_a_timeout_before_the_first_attempt_does_not_end_a_run(
    transactional_db, broker, ollama, person, impatient, monkeypatch, place
):
    impatient(60)
    run = enqueue(**BODY, user_id=person.pk)
    module, name = place.rsplit(".", 1)
    original, fails = pkgutil.resolve_name(place), away(2, "55P03")

    def work(*args, **named):
        fails()
        return original(*args, **named)

    monkeypatch.setattr(pkgutil.resolve_name(module), name, work)
    run_deliver(run.pk)
    assert TaskRun.objects.get().status == "succeeded"


class Delivered(Exception):
    """A message that Celery is to bring again."""


@pytest.mark.parametrize(
    ("tries", "seconds"), [(0, 5), (99, 5), (100, 60), (1499, 60), (1500, None)]
)
def test_a_message_comes_again_while_the_database_is_away_but_not_for_ever(
    db, monkeypatch, tries, seconds
):
    class Request:
        id, retries, headers = "1", tries, None
        delivery_info: ClassVar = {"routing_key": "llm.text_generation.low"}

    class Task:
        name, request = "llm.text_generation", Request()

        def retry(self, *, exc, countdown, queue, throw):
            assert queue == "llm.text_generation.low"
            return Delivered(countdown)

    monkeypatch.setattr(tasks, "run_of_message", away(1, "25006"))
    with pytest.raises((Delivered, InternalError)) as caught:
        tasks.deliver(Task(), "x")
    assert caught.value.args == ((seconds,) if seconds else ("it fails",))


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
