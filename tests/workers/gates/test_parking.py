"""Parked runs come back when what they wait for is gone, and not before."""

import logging
from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import settings
from django.utils import timezone

from workers.gates import parking, reachability
from workers.gates.breakers import breaker_record
from workers.gates.pace import LEAST
from workers.gates.parking import Releaser
from workers.gates.verdicts import Verdict
from workers.models import Breaker, Pause, TaskRun
from workers.testing.behaviours import Status as HttpStatus
from workers.testing.script import Step

NOW = timezone.now
QUEUES = ("llm.text_generation", "llm.text_generation.low")
MODEL = "ok:3b"
BREAKER = f"breaker {MODEL} ok:1b"


@pytest.fixture
def park(transactional_db, broker):
    def make(parked_on, count=1, **fields):
        runs = [
            TaskRun(
                **{
                    "task_type": "TASK_TYPE_TEXT_GENERATION",
                    "queue": "llm.text_generation",
                    "payload": {"prompt": "x"},
                    "llm_config": {},
                    "deadline": NOW() + timedelta(minutes=10),
                    "status": "retrying",
                    "parked_on": parked_on,
                    **fields,
                }
            )
            for _ in range(count)
        ]
        return TaskRun.objects.bulk_create(runs)

    return make


@pytest.fixture
def look(ollama):
    """Looks once, as the worker of `QUEUES` does; how many runs go on by then."""
    releaser = Releaser(QUEUES)

    def tick():
        releaser.tick()
        return TaskRun.objects.filter(status="queued", parked_on="").count()

    return tick


def fail(model, times=3):
    for _ in range(times):
        breaker_record(settings.OLLAMA_HOST, model, uuid4(), Verdict.FAILED, "HTTP 503")


def half_open():
    Breaker.objects.update(open_until=NOW() - timedelta(seconds=1))


def test_a_run_goes_on_when_the_model_server_answers_again(park, look, ollama, monkeypatch):
    monkeypatch.setattr(reachability, "REMEMBERED_SECONDS", 600)
    park(ollama.host)
    ollama.stop()
    assert look() == 0
    ollama.start()
    assert reachability.is_down(ollama.host)
    assert ollama.wait_until(look)
    assert not reachability.is_down(ollama.host)


def test_what_was_parked_on_a_host_of_yesterday_goes_on_with_the_one_of_today(park, look):
    park("http://a-host-of-yesterday:11434")
    assert look() == 1


def test_nobody_asks_the_model_server_while_no_run_waits_for_it(park, look, ollama):
    park(f"model {MODEL}")
    look()
    assert not ollama.requests("/api/version")


def test_a_model_server_that_hangs_does_not_answer(park, look, ollama):
    ollama.script("/api/version", ["silent"])
    park(ollama.host)
    assert look() == 0


def test_runs_of_queues_that_this_worker_does_not_consume_are_left_to_others(park, look, ollama):
    park(ollama.host, queue="llm.weekly_report")
    assert look() == 0


def test_a_run_past_its_deadline_is_left_to_the_sweeper(park, look, ollama):
    park(ollama.host, deadline=NOW() - timedelta(seconds=1))
    assert look() == 0


def test_many_come_back_no_faster_than_they_begin(park, look, ollama):
    park(ollama.host, 5 * LEAST)
    assert look() == LEAST
    assert look() == LEAST
    begin()
    assert look() == LEAST
    TaskRun.objects.filter(status="running").update(
        status="succeeded",
        claim_token=None,
        lease_expires_at=None,
        finished_at=NOW(),
        result={"content": "x"},
    )
    begin()
    assert look() == 2 * LEAST


def begin():
    TaskRun.objects.filter(status="queued").update(
        status="running", claim_token=uuid4(), lease_expires_at=NOW() + timedelta(minutes=1)
    )


def test_the_first_that_come_back_are_few_however_long_the_outage_was(park, ollama, monkeypatch):
    monkeypatch.setattr(parking, "PROBE_EVERY_SECONDS", 0)
    ollama.script("/api/version", [Step(behaviour=HttpStatus(401), times=10)])
    park(ollama.host, 5 * LEAST)
    releaser = Releaser(QUEUES)
    for _ in range(11):
        releaser.tick()
    assert TaskRun.objects.filter(status="queued").count() == LEAST


def test_a_host_that_refuses_everything_is_away_and_each_change_is_one_line(
    park, look, ollama, monkeypatch, caplog
):
    monkeypatch.setattr(parking, "PROBE_EVERY_SECONDS", 0)
    ollama.script("/api/version", [Step(behaviour=HttpStatus(401), times=3)])
    park(ollama.host)
    with caplog.at_level(logging.INFO, logger="workers"):
        assert [look() for _ in range(4)] == [0, 0, 0, 1]
    assert caplog.messages == [
        f"The model server {ollama.host} is away: refuses us: 401 Unauthorized",
        f"The model server {ollama.host} answers again",
        f"1 parked runs go on: {ollama.host}",
    ]


def test_the_oldest_come_first_and_normal_ones_before_low_ones(park, look, ollama):
    low = park(ollama.host, priority="low", queue=QUEUES[1])
    late = park(ollama.host, LEAST, created_at=NOW() + timedelta(minutes=1))
    early = park(ollama.host, LEAST - 1)
    assert look() == LEAST
    going = set(TaskRun.objects.filter(parked_on="").values_list("pk", flat=True))
    assert {run.pk for run in early} < going
    assert going - {run.pk for run in early} < {run.pk for run in late}
    assert low[0].pk not in going


@pytest.mark.parametrize(("kind", "name"), [("queue", "llm.text_generation"), ("model", MODEL)])
def test_a_run_goes_on_when_its_pause_is_over(park, look, kind, name):
    pause = Pause.objects.create(kind=kind, name=name)
    park(f"{kind} {name}")
    assert look() == 0
    pause.delete()
    assert look() == 1


def test_behind_open_breakers_no_run_goes_on(park, look):
    park(BREAKER)
    for model in (MODEL, "ok:1b"):
        fail(model)
    assert look() == 0


def test_behind_a_half_open_breaker_one_run_goes_on_as_its_probe(park, look):
    park(BREAKER, 3)
    for model in (MODEL, "ok:1b"):
        fail(model)
    half_open()
    assert look() == 1


def test_while_somebody_probes_no_run_goes_on(park, look):
    park(f"breaker {MODEL}", 3)
    fail(MODEL)
    half_open()
    prober = park("", status="running", claim_token=uuid4(), **_leased())[0]
    Breaker.objects.update(
        probe_token=prober.claim_token, probe_expires_at=NOW() + timedelta(minutes=5)
    )
    assert look() == 0


def _leased():
    return {"lease_expires_at": NOW() + timedelta(minutes=1)}


def test_behind_a_closed_breaker_all_go_on(park, look):
    park(BREAKER, 3)
    fail(MODEL)
    assert look() == 3


def test_what_the_broker_does_not_take_now_is_published_later(park, ollama, monkeypatch):
    from workers.messaging.publish import BROKER_AWAY

    def away(_run):
        raise BROKER_AWAY[1]("refused")

    monkeypatch.setattr(parking, "run_send", away)
    [run] = park(ollama.host)
    Releaser(QUEUES).tick()
    run.refresh_from_db()
    assert (run.status, run.parked_on) == ("retrying", "")
