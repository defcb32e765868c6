"""The whole path on real parts: enqueue, message, worker, attempts, result."""

import logging
from datetime import timedelta

import pytest
from celery import chain
from django.db import transaction
from django.utils import timezone

from llmconfig.models import Preference
from tests.workers.waiting import wait_until
from workers.models import TaskRun
from workers.submission.enqueue import enqueue, enqueue_signature

ENTRIES = {"entries": [{"date": "2026-11-16", "text": "Fixed the login"}, "Reviewed two changes"]}


def insight(person, **options):
    return enqueue(
        task_type="TASK_TYPE_INSIGHT_GENERATION", payload=ENTRIES, user_id=person.pk, **options
    )


def test_a_run_is_answered_by_the_model_of_its_task_type(celery_worker, person, finished):
    run = finished(insight(person))
    assert run.status == "succeeded", run.error
    assert run.result.keys() == {"content", "tags", "confidence"}
    assert 0 <= run.result["confidence"] <= 1
    assert (run.model_used, run.fallback_used) == ("ok:3b", False)
    assert run.llm_config["source"] == "task_type"
    assert run.llm_config["timeout_seconds"] == 45
    assert [a.number for a in run.attempts.all()] == [1]


def test_a_users_own_model_answers_and_is_named_as_the_source(celery_worker, person, finished):
    Preference.objects.create(user=person, model="ok:9b")
    run = finished(enqueue(task_type="TASK_TYPE_WEEKLY_REPORT", payload=ENTRIES, user_id=person.pk))
    assert (run.model_used, run.llm_config["source"]) == ("ok:9b", "user")
    assert run.llm_config["timeout_seconds"] == 120


def test_a_missing_primary_is_answered_by_the_fallback_with_a_warning(
    celery_worker, person, finished, caplog
):
    Preference.objects.create(user=person, model="missing:7b")
    with caplog.at_level(logging.WARNING, logger="workers"):
        run = finished(insight(person))
    assert (run.status, run.model_used, run.fallback_used) == ("succeeded", "ok:1b", True)
    assert [a.outcome for a in run.attempts.all()] == ["unusable", "succeeded"]
    warning = next(r.getMessage() for r in caplog.records if "trying fallback" in r.getMessage())
    assert warning.startswith("Primary model failed, trying fallback")
    assert "missing:7b" in warning
    assert "ok:1b" in warning
    assert "not found" in warning
    record = next(r for r in caplog.records if "trying fallback" in r.getMessage())
    assert (record.primary_model, record.fallback_model) == ("missing:7b", "ok:1b")
    assert (record.task_type, record.user_id) == (run.task_type, person.pk)
    assert record.reason.startswith("unusable: ")


def test_each_attempt_and_each_run_ends_with_one_line(
    celery_worker, ollama, person, finished, caplog
):
    Preference.objects.create(user=person, model="missing:7b")
    with caplog.at_level(logging.INFO, logger="workers.runs.run_log"):
        run = finished(insight(person))
        wait_until(lambda: any(getattr(r, "action", "") == "run" for r in caplog.records))
    lines = [r for r in caplog.records if getattr(r, "action", "") in ("attempt", "run")]
    assert [(r.action, r.model, r.outcome) for r in lines] == [
        ("attempt", "missing:7b", "unusable"),
        ("attempt", "ok:1b", "succeeded"),
        ("run", "ok:1b", "succeeded"),
    ]
    for record in lines:
        assert (record.run_id, record.task_type) == (str(run.pk), run.task_type)
        assert (record.user_id, record.source) == (person.pk, "user")
        assert record.host == ollama.host
        assert record.seconds >= 0
        assert f"run_id={run.pk} task_type={run.task_type}" in record.getMessage()
    assert lines[-1].completion_tokens == lines[1].completion_tokens > 0


def test_a_primary_that_times_out_is_answered_by_the_fallback(celery_worker, person, finished):
    Preference.objects.create(user=person, model="silent:7b", timeout_seconds=1)
    run = finished(insight(person))
    assert (run.status, run.model_used) == ("succeeded", "ok:1b")
    assert [a.outcome for a in run.attempts.all()] == ["slow", "succeeded"]


def test_an_edit_made_while_a_run_waits_changes_only_the_next_run(
    transactional_db, broker, ollama, person, finished
):
    from celery.contrib.testing.worker import start_worker

    before = insight(person)
    Preference.objects.create(user=person, model="ok:9b")
    after = insight(person)
    with start_worker(broker, pool="threads", concurrency=2, perform_ping_check=False):
        assert finished(before).model_used == "ok:3b"
        assert finished(after).model_used == "ok:9b"


def test_a_transient_failure_is_retried_by_the_same_model(celery_worker, ollama, person, finished):
    Preference.objects.create(user=person, model="http-503:1", max_retries=1)
    run = finished(insight(person))
    assert [(a.model, a.outcome) for a in run.attempts.all()] == [
        ("http-503:1", "transient"),
        ("http-503:1", "transient"),
        ("ok:1b", "succeeded"),
    ]
    assert [a.number for a in run.attempts.all()] == [1, 2, 3]


def test_when_every_model_fails_one_error_lists_every_attempt(celery_worker, person, finished):
    Preference.objects.create(
        user=person, model="missing:7b", fallback_model="missing:1b", max_retries=0
    )
    run = finished(insight(person))
    assert run.status == "failed"
    assert run.error["code"] == "all_attempts_failed"
    assert "missing:7b" in run.error["detail"]
    assert "missing:1b" in run.error["detail"]


def test_a_model_server_that_is_away_parks_the_run_until_it_returns(
    celery_worker, ollama, person, finished, settings
):
    home = settings.OLLAMA_HOST
    settings.OLLAMA_HOST = "http://127.0.0.1:9"
    run = insight(person)
    _until(lambda: TaskRun.objects.get(pk=run.pk).parked_on)
    settings.OLLAMA_HOST = home
    TaskRun.objects.update(parked_on=home)
    run = finished(run)
    assert run.status == "succeeded"
    assert [a.outcome for a in run.attempts.all()] == ["host", "succeeded"]


def test_a_run_of_a_transaction_that_rolls_back_is_never_published(
    transactional_db, broker, ollama, person
):
    class Undo(Exception):
        pass

    def accept_and_undo():
        with transaction.atomic():
            insight(person)
            raise Undo

    with pytest.raises(Undo):
        accept_and_undo()
    assert not TaskRun.objects.exists()
    with broker.connection_for_read() as connection:
        assert _queue(broker)(connection.default_channel).get() is None


def test_a_run_that_a_dead_worker_held_is_taken_up_again(celery_worker, person, finished):
    from uuid import uuid4

    run = insight(person, available_at=timezone.now() + timedelta(seconds=60))
    long_ago = timezone.now() - timedelta(minutes=5)
    TaskRun.objects.update(
        status="running",
        claim_token=uuid4(),
        lease_expires_at=long_ago,
        available_at=long_ago,
        published_at=long_ago,
    )
    assert finished(run).status == "succeeded"


def test_send_task_by_name_creates_one_run_with_the_senders_decision(
    celery_worker, broker, person, finished
):
    sent = broker.send_task(
        "llm.insight_generation",
        kwargs={
            "task_type": "TASK_TYPE_INSIGHT_GENERATION",
            "payload": ENTRIES,
            "user_id": person.pk,
        },
        queue="llm.insight_generation",
    )
    run = finished(_run_of(sent.id))
    assert run.status == "succeeded"
    assert run.user == person
    assert run.llm_config["source"] == "task_type"
    assert run.llm_config["resolved_at"] == "enqueue"


def test_every_link_of_a_canvas_carries_the_decision_made_where_it_was_built(
    celery_worker, person, finished
):
    links = [
        enqueue_signature(
            task_type="TASK_TYPE_INSIGHT_GENERATION", payload=ENTRIES, user_id=person.pk
        )
        for _ in range(2)
    ]
    built = chain(*links)
    Preference.objects.create(user=person, model="ok:9b")
    result = built.apply_async()
    runs = [finished(_run_of(result.parent.id)), finished(_run_of(result.id))]
    assert [run.model_used for run in runs] == ["ok:3b", "ok:3b"]


def test_a_message_without_a_decision_gets_the_default_and_is_marked(
    celery_worker, broker, person, finished
):
    from celery import Celery

    Preference.objects.create(user=person, model="ok:9b")
    foreign = Celery("foreign", broker=broker.conf.broker_url, set_as_current=False)
    foreign.conf.task_queues = broker.conf.task_queues
    foreign.conf.broker_transport_options = broker.conf.broker_transport_options
    from celery.signals import before_task_publish

    from workers.messaging.base_task import _add_header

    before_task_publish.disconnect(_add_header)
    try:
        sent = foreign.send_task(
            "llm.insight_generation",
            kwargs={
                "task_type": "TASK_TYPE_INSIGHT_GENERATION",
                "payload": ENTRIES,
                "user_id": person.pk,
            },
            queue="llm.insight_generation",
        )
    finally:
        before_task_publish.connect(_add_header)
    run = finished(_run_of(sent.id))
    assert run.model_used == "ok:3b"
    assert run.llm_config["resolved_at"] == "delivery"


def test_a_malformed_header_ends_the_run_with_a_clear_error(
    transactional_db, broker, ollama, person, finished, celery_worker
):
    run = insight(person, available_at=timezone.now() + timedelta(seconds=60))
    TaskRun.objects.filter(pk=run.pk).update(parked_on="queue llm.insight_generation")
    broker.send_task(
        "llm.insight_generation",
        args=[str(run.pk)],
        queue=run.queue,
        headers={"llm_config": {"model": 7}},
    )
    ended = finished(run)
    assert (ended.status, ended.error["code"]) == ("failed", "malformed_config")
    assert ended.parked_on == ""


def test_a_mistyped_queue_is_refused_when_sending(broker, db):
    from celery.exceptions import QueueNotFound
    from kombu.exceptions import OperationalError

    with pytest.raises((QueueNotFound, OperationalError), match="insihgt"):
        broker.send_task("llm.insight_generation", args=["x"], queue="llm.insihgt")


@pytest.mark.parametrize("run_id", ["nonsense", "00000000-0000-4000-8000-000000000000", 7, None])
def test_a_message_that_names_no_run_is_dropped_and_the_worker_goes_on(
    celery_worker, broker, person, finished, run_id
):
    broker.send_task("llm.insight_generation", args=[run_id], queue="llm.insight_generation")
    assert finished(insight(person)).status == "succeeded"


def test_a_web_clock_that_is_ahead_does_not_strand_a_run(celery_worker, person, finished):
    run = insight(person)
    TaskRun.objects.filter(pk=run.pk, status="queued").update(
        available_at=run.available_at + timedelta(seconds=30)
    )
    assert finished(run).status == "succeeded"


def test_an_error_of_ours_ends_the_run_once_and_says_so(celery_worker, person, finished):
    run = insight(person, available_at=timezone.now() + timedelta(seconds=60))
    TaskRun.objects.update(payload={"entries": 5}, available_at=timezone.now())
    ended = finished(run)
    assert (ended.status, ended.error["code"]) == ("failed", "internal_error")
    assert ended.deliveries == 1


def test_a_producer_without_a_row_keeps_its_low_queue(celery_worker, broker, person, finished):
    sent = broker.send_task(
        "llm.insight_generation",
        kwargs={"task_type": "TASK_TYPE_INSIGHT_GENERATION", "payload": ENTRIES},
        queue="llm.insight_generation.low",
    )
    run = finished(_run_of(sent.id))
    assert (run.queue, run.priority) == ("llm.insight_generation.low", "low")


def test_a_message_to_another_types_task_is_dropped(celery_worker, broker, person, finished):
    broker.send_task(
        "llm.insight_generation",
        kwargs={"task_type": "TASK_TYPE_TEXT_GENERATION", "payload": {"prompt": "x"}},
        queue="llm.insight_generation",
    )
    assert finished(insight(person)).status == "succeeded"
    assert TaskRun.objects.count() == 1


def test_a_run_delivered_twice_is_made_once(celery_worker, broker, ollama, person, finished):
    run = insight(person)
    for _ in range(5):
        broker.send_task("llm.insight_generation", args=[str(run.pk)], queue=run.queue)
    run = finished(run)
    assert finished(insight(person)).status == "succeeded"
    assert run.attempts.count() == 1


def _until(condition, seconds: float = 10):
    import time

    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def _run_of(celery_task_id: str) -> TaskRun:
    runs = TaskRun.objects.filter(celery_task_id=celery_task_id)
    _until(runs.exists)
    return runs.get()


def _queue(app):
    return app.amqp.queues["llm.insight_generation"]
