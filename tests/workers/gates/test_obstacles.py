"""Runs among open breakers, pauses, hosts that are down and contexts that are too small."""

import logging
import threading
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from llmconfig.models import Preference
from tests.workers.backends.ollama.ports import full_backlog
from tests.workers.waiting import wait_until
from workers.backends import ollama as backend
from workers.execution.runner import run_deliver
from workers.gates import reachability
from workers.gates.breakers import breakers_of
from workers.models import Breaker, Pause, TaskRun, usage
from workers.submission.cancel import run_cancel
from workers.submission.enqueue import enqueue
from workers.testing.behaviours import (
    Empty,
    LoadFails,
    NeverEnding,
    Ok,
    Silent,
    SlowFirstToken,
    StallAfter,
    Status,
    ThinkingOnly,
)
from workers.testing.fake_ollama import FakeOllama
from workers.testing.one_host import OneHost, Pace
from workers.testing.script import EVERY_REQUEST, Step, always

NOW = timezone.now
PRIMARY, FALLBACK = "ok:3b", "ok:1b"
QUEUE = "llm.text_generation"


@pytest.fixture
def accept(transactional_db, broker, ollama, person):
    """Accepts a run; its message stays on the broker."""

    def enqueue_one(**request):
        Preference.objects.update_or_create(user=person, defaults=request)
        return enqueue(
            task_type="TASK_TYPE_TEXT_GENERATION", payload={"prompt": "Hi"}, user_id=person.pk
        )

    return enqueue_one


def deliver(run):
    """One delivery of the run; the run as it is then."""
    run_deliver(run.pk)
    return TaskRun.objects.prefetch_related("attempts").get(pk=run.pk)


def told(run):
    return [(a.model, a.outcome, a.number) for a in run.attempts.all()]


def open_breaker(model=PRIMARY, seconds=600.0):
    """As after three failures; negative seconds: it is half-open."""
    Breaker.objects.update_or_create(
        host=settings.OLLAMA_HOST,
        model=model,
        defaults={
            "failures": 3,
            "open_until": NOW() + timedelta(seconds=seconds),
            "last_reason": "HTTP 503",
        },
    )


def asked(ollama, model=PRIMARY):
    return len(ollama.requests("/api/chat", model))


def test_three_failures_in_a_row_send_the_next_run_to_the_fallback_at_once(accept, ollama, caplog):
    ollama.script(PRIMARY, [Status(503)] * 3)
    for _ in range(3):
        deliver(accept(max_retries=0))
    run = accept()
    with caplog.at_level(logging.WARNING, logger="workers"):
        run = deliver(run)
    assert (run.status, run.model_used, run.fallback_used) == ("succeeded", FALLBACK, True)
    assert told(run) == [(PRIMARY, "skipped", None), (FALLBACK, "succeeded", 1)]
    assert "HTTP 503" in run.attempts.first().reason
    assert asked(ollama) == 3
    assert "Primary model failed, trying fallback" in caplog.text


def test_a_breaker_that_opens_ends_the_retries_of_a_run_in_between(accept, ollama):
    ollama.script(PRIMARY, [Status(503)] * 9)
    deliver(accept(max_retries=0))
    deliver(accept(max_retries=0))
    run = deliver(accept(max_retries=5))
    assert (run.status, run.model_used) == ("succeeded", FALLBACK)
    assert asked(ollama) == 3


@pytest.fixture
def nearly_open(accept, ollama):
    """A breaker that one more failure opens; asked, whether it still stands so."""
    Breaker.objects.create(host=ollama.host, model=PRIMARY, failures=2)
    ollama.load(PRIMARY)
    return lambda: Breaker.objects.get().failures == 2


@pytest.mark.parametrize("behaviour", [Silent(), StallAfter(tokens=2), NeverEnding()], ids=str)
def test_what_a_runs_own_deadline_ends_opens_no_breaker(accept, ollama, nearly_open, behaviour):
    ollama.script(PRIMARY, [behaviour])
    run = accept(max_retries=0)
    TaskRun.objects.update(deadline=NOW() + timedelta(seconds=0.3))
    run = deliver(run)
    assert told(run)[0] == (PRIMARY, "slow", 1)
    assert nearly_open()


def test_a_server_that_is_silent_beyond_the_systems_limit_opens_the_breaker(
    accept, ollama, nearly_open, config_file
):
    config_file('default: {model: "ok:3b", fallback_model: "ok:1b", timeout: 1s}')
    ollama.script(PRIMARY, [Silent()])
    deliver(accept(max_retries=0))
    assert not nearly_open()
    assert breakers_of(ollama.host, [PRIMARY])[PRIMARY].is_blocked


INSIGHT = {"task_type": "TASK_TYPE_INSIGHT_GENERATION", "payload": {"entries": ["Fixed it"]}}


@pytest.mark.parametrize(
    "behaviour",
    [Ok(text="no JSON"), Empty(), Empty(done_reason="length"), ThinkingOnly()],
    ids=str,
)
def test_a_probe_with_an_answer_of_no_use_closes_the_breaker(accept, ollama, person, behaviour):
    open_breaker(seconds=-1)
    ollama.script(PRIMARY, [behaviour])
    deliver(enqueue(user_id=person.pk, **INSIGHT))
    assert asked(ollama) == 1
    assert not breakers_of(ollama.host, [PRIMARY])


def test_a_run_without_time_to_connect_leaves_the_host_to_others(accept, ollama, settings):
    with full_backlog() as port:
        settings.OLLAMA_HOST = f"http://127.0.0.1:{port}"
        run = accept()
        TaskRun.objects.update(deadline=NOW() + timedelta(seconds=0.3))
        assert told(deliver(run)) == [(PRIMARY, "host", 1)]
        assert not reachability.is_down(settings.OLLAMA_HOST)


def test_a_success_is_told_to_the_breaker(accept, ollama):
    ollama.script(PRIMARY, [Status(503), Status(503)])
    for _ in range(2):
        deliver(accept(max_retries=0))
    deliver(accept())
    assert Breaker.objects.get().failures == 0


def test_open_for_every_model_the_run_waits_without_a_slot_or_a_message(accept, ollama):
    open_breaker(PRIMARY)
    open_breaker(FALLBACK)
    run = deliver(accept())
    assert (run.status, run.parked_on) == ("retrying", f"breaker {PRIMARY} {FALLBACK}")
    assert told(run) == [(PRIMARY, "skipped", None), (FALLBACK, "skipped", None)]
    assert not ollama.requests("/api/chat")


def test_a_run_that_waited_for_breakers_notes_each_model_once_and_ends_with_a_result(
    accept, ollama
):
    open_breaker(PRIMARY)
    open_breaker(FALLBACK)
    run = accept()
    for _ in range(3):
        deliver(run)
    open_breaker(PRIMARY, seconds=-1)
    run = deliver(run)
    assert (run.status, run.model_used) == ("succeeded", PRIMARY)
    assert [(a.model, a.outcome, a.count) for a in run.attempts.all()] == [
        (PRIMARY, "skipped", 3),
        (FALLBACK, "skipped", 3),
        (PRIMARY, "succeeded", 1),
    ]
    assert not breakers_of(ollama.host, [PRIMARY])


def test_a_half_open_breaker_lets_one_run_at_a_time_through(accept, ollama, settings):
    settings.LLM_HOST_CONCURRENCY = 6
    open_breaker(seconds=-1)
    ollama.script(PRIMARY, [SlowFirstToken(1.5)])
    runs = [accept() for _ in range(6)]
    threads = [threading.Thread(target=_deliver_in_thread, args=[run]) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    used = list(TaskRun.objects.values_list("status", "model_used"))
    assert used.count(("succeeded", PRIMARY)) == 1
    assert used.count(("succeeded", FALLBACK)) == 5
    assert not breakers_of(ollama.host, [PRIMARY])


def _deliver_in_thread(run):
    try:
        run_deliver(run.pk)
    finally:
        connection.close()


def test_a_probe_that_fails_opens_the_breaker_again_and_its_run_has_the_fallback(accept, ollama):
    open_breaker(seconds=-1)
    ollama.script(PRIMARY, [Status(503)])
    run = deliver(accept(max_retries=3))
    assert [(a.model, a.outcome) for a in run.attempts.filter(number__isnull=False)] == [
        (PRIMARY, "transient"),
        (FALLBACK, "succeeded"),
    ]
    assert breakers_of(ollama.host, [PRIMARY])[PRIMARY].is_blocked


def test_a_cancelled_probe_is_given_back_without_a_verdict(accept, ollama):
    open_breaker(seconds=-1)
    ollama.script(PRIMARY, [SlowFirstToken(20)])
    run = accept()
    thread = threading.Thread(target=_deliver_in_thread, args=[run])
    thread.start()
    wait_until(lambda: asked(ollama))
    assert breakers_of(ollama.host, [PRIMARY])[PRIMARY].is_blocked
    run_cancel(run, None)
    thread.join()
    standing = breakers_of(ollama.host, [PRIMARY])[PRIMARY]
    assert (standing.is_blocked, standing.failures) == (False, 3)


def test_a_connection_that_the_worker_closes_itself_says_nothing_of_the_model(accept, ollama):
    ollama.script(PRIMARY, [SlowFirstToken(20)])
    run = accept()
    thread = threading.Thread(target=_deliver_in_thread, args=[run])
    thread.start()
    wait_until(lambda: asked(ollama))
    backend.close()
    thread.join()
    assert [a.outcome for a in run.attempts.all()] == ["transient"]
    assert not Breaker.objects.exists()


def test_an_error_of_ours_is_told_with_the_attempts_before_it(accept, ollama):
    ollama.script(PRIMARY, [Status(503)])
    run = deliver(accept())
    TaskRun.objects.update(task_type="TASK_TYPE_GONE", available_at=NOW())
    run = deliver(run)
    assert (run.status, run.error["code"]) == ("failed", "unknown_task_type")
    assert f"{PRIMARY} on {ollama.host}: transient" in run.error["detail"]


def test_a_paused_model_parks_its_runs_and_the_reason_is_told(accept, ollama):
    Pause.objects.create(kind="model", name=PRIMARY, reason="new weights")
    run = deliver(accept())
    assert (run.status, run.parked_on) == ("retrying", f"model {PRIMARY}")
    assert told(run) == [(PRIMARY, "skipped", None)]
    assert "new weights" in run.attempts.get().reason
    assert not ollama.requests("/api/chat")


def test_a_paused_queue_parks_its_runs_with_a_reason(accept, ollama):
    Pause.objects.create(kind="queue", name=QUEUE, reason="maintenance")
    run = deliver(accept())
    assert (run.status, run.parked_on) == ("retrying", f"queue {QUEUE}")
    assert "maintenance" in run.attempts.get().reason


def test_a_pause_of_another_queue_or_model_changes_nothing(accept):
    Pause.objects.create(kind="queue", name="llm.weekly_report")
    Pause.objects.create(kind="model", name="ok:9b")
    assert deliver(accept()).status == "succeeded"


def test_what_was_paused_goes_on_within_seconds_and_nothing_is_lost(
    celery_worker, accept, finished
):
    pause = Pause.objects.create(kind="queue", name=QUEUE, reason="maintenance")
    runs = [accept() for _ in range(5)]
    wait_until(lambda: TaskRun.objects.filter(parked_on=f"queue {QUEUE}").count() == 5)
    pause.delete()
    assert [finished(run).status for run in runs] == ["succeeded"] * 5


def test_a_generation_that_runs_when_its_model_is_paused_ends_with_its_result(accept, ollama):
    ollama.script(PRIMARY, [SlowFirstToken(1)])
    run = accept()
    thread = threading.Thread(target=_deliver_in_thread, args=[run])
    thread.start()
    wait_until(lambda: asked(ollama))
    Pause.objects.create(kind="model", name=PRIMARY)
    thread.join()
    run.refresh_from_db()
    assert run.status == "succeeded"


def test_who_comes_after_a_server_was_found_down_is_parked_without_trying_it(
    accept, ollama, monkeypatch
):
    monkeypatch.setattr(reachability, "REMEMBERED_SECONDS", 600)
    reachability.note(ollama.host, is_up=False, reason="refuses us: 401")
    run = deliver(accept())
    assert (run.status, run.parked_on) == ("retrying", ollama.host)
    assert told(run) == [(PRIMARY, "host", 1)]
    assert "refuses us: 401" in run.attempts.get().reason
    assert not ollama.log


def test_a_host_that_stays_away_is_one_attempt_that_counts_and_no_retry(accept, ollama):
    run = accept(max_retries=0)
    ollama.stop()
    for _ in range(3):
        run = deliver(run)
    assert [(a.outcome, a.number, a.count) for a in run.attempts.all()] == [("host", 1, 3)]
    ollama.start()
    reachability.note(ollama.host, is_up=True)
    run = deliver(run)
    assert (run.status, run.model_used) == ("succeeded", PRIMARY)


@pytest.mark.parametrize("code", [401, 502])
def test_a_proxy_that_refuses_everything_parks_the_run_until_it_lets_us_in(
    accept, ollama, monkeypatch, code
):
    monkeypatch.setattr(reachability, "REMEMBERED_SECONDS", 0)
    # What is loaded, the request, the version.
    ollama.script(EVERY_REQUEST, [Step(behaviour=Status(code, raw=""), times=3)])
    run = deliver(accept(max_retries=0))
    assert (run.status, run.parked_on) == ("retrying", ollama.host)
    [attempt] = run.attempts.all()
    assert (attempt.outcome, attempt.cause) == ("host", "host_refuses")
    assert f"refuses us: {code} " in attempt.reason
    assert not Breaker.objects.exists()
    run = deliver(run)
    assert (run.status, run.model_used) == ("succeeded", PRIMARY)


@pytest.mark.parametrize("code", [400, 401, 402, 403, 404, 405, 410, 413, 422, 451])
def test_a_primary_that_is_refused_alone_is_answered_by_the_fallback_at_once(accept, ollama, code):
    ollama.script(PRIMARY, [always(Status(code, body="no"))])
    run = deliver(accept(max_retries=3))
    assert (run.status, run.model_used) == ("succeeded", FALLBACK)
    first = run.attempts.all()[0]
    assert (first.outcome, asked(ollama)) == ("unusable", 1)
    assert f"HTTP {code} no" in first.reason


@pytest.mark.parametrize("code", [408, 499])
def test_a_request_that_was_given_up_on_its_way_is_made_again(accept, ollama, code):
    ollama.script(PRIMARY, [Status(code)])
    run = accept()
    assert deliver(run).status == "retrying"
    TaskRun.objects.update(available_at=NOW())
    run = deliver(run)
    assert (run.status, run.model_used) == ("succeeded", PRIMARY)
    assert not Breaker.objects.exists()


def test_a_refusal_of_the_content_ends_the_run_with_its_reason(accept, ollama):
    ollama.script(PRIMARY, [Status(400, body="flagged by moderation")])
    run = deliver(accept())
    assert (run.status, run.error["code"]) == ("failed", "rejected")
    assert "flagged by moderation" in run.error["detail"]
    assert not asked(ollama, FALLBACK)


@pytest.mark.parametrize(
    "reason",
    ["model requires more system memory (5.6 GiB) than is available", "unknown architecture: 'x'"],
)
def test_a_model_that_cannot_be_loaded_is_tried_once(accept, ollama, reason):
    ollama.script(PRIMARY, [always(LoadFails(message=reason))])
    run = deliver(accept(max_retries=3))
    assert told(run) == [(PRIMARY, "unusable", 1), (FALLBACK, "succeeded", 2)]
    assert asked(ollama) == 1
    assert not Breaker.objects.exists()
    # The next run does not have the host try again.
    run = deliver(accept())
    assert told(run) == [(PRIMARY, "skipped", None), (FALLBACK, "succeeded", 1)]
    assert reason in run.attempts.all()[0].reason
    assert asked(ollama) == 1


def test_a_refusal_or_an_error_of_one_request_keeps_no_other_run_from_the_model(accept, ollama):
    ollama.load(PRIMARY)
    ollama.script(PRIMARY, [Status(403), Status(500, body="out of memory")])
    for _ in range(2):
        assert deliver(accept()).model_used == FALLBACK
    assert deliver(accept()).model_used == PRIMARY


def test_a_server_that_was_found_down_is_tried_again_after_a_moment(accept, ollama, monkeypatch):
    monkeypatch.setattr(reachability, "REMEMBERED_SECONDS", 0.2)
    reachability.note(ollama.host, is_up=False)
    wait_until(lambda: not reachability.is_down(ollama.host))
    assert deliver(accept()).status == "succeeded"


def test_runs_parked_by_an_outage_all_go_on_when_it_is_over(
    celery_worker, accept, ollama, finished
):
    ollama.stop()
    runs = [accept() for _ in range(12)]
    wait_until(lambda: TaskRun.objects.filter(parked_on=ollama.host).count() == 12)
    assert set(TaskRun.objects.values_list("status", flat=True)) == {"retrying"}
    ollama.start()
    ended = [finished(run) for run in runs]
    assert {run.status for run in ended} == {"succeeded"}
    assert {told(run)[0] for run in ended} == {(PRIMARY, "host", 1)}


WINDOWS = """\
default: {{model: "ok:3b", fallback_model: "ok:1b"}}
model_params:
  ok:3b: {{context_window: 4096}}
  ok:1b: {{context_window: {fallback}}}
"""


@pytest.mark.parametrize(
    ("fallback", "status", "used"), [(8192, "succeeded", FALLBACK), (2048, "failed", "")]
)
def test_a_prompt_that_is_too_long_goes_only_to_a_larger_context(
    accept, ollama, config_file, fallback, status, used
):
    config_file(WINDOWS.format(fallback=fallback))
    ollama.script(PRIMARY, ["full-context-4096"])
    run = deliver(accept())
    assert (run.status, run.model_used) == (status, used)
    assert asked(ollama, FALLBACK) == (status == "succeeded")


@pytest.fixture
def host(settings, config_file, accept):
    """One Ollama with windows of 1,024 tokens, which the configuration does not know."""
    pace = Pace(tokens=1, seconds=0.0)
    options = OneHost(context_length=1024, load_seconds=0.0, pace=pace)
    with FakeOllama(one_host=options) as server:
        settings.OLLAMA_HOST = server.host
        yield server


LONG = {"payload": {"prompt": "word " * 1500}, "task_type": "TASK_TYPE_TEXT_GENERATION"}


@pytest.mark.parametrize(("fallback", "status"), [(2048, "succeeded"), (1024, "failed")])
def test_a_fallback_is_large_enough_if_it_is_larger_than_the_window_that_refused(
    host, config_file, person, fallback, status
):
    config_file(
        'default: {model: "ok:3b", fallback_model: "ok:1b"}\n'
        f'model_params: {{"ok:1b": {{context_window: {fallback}}}}}'
    )
    run = deliver(enqueue(user_id=person.pk, **LONG))
    assert run.status == status
    first = run.attempts.all()[0]
    assert (first.outcome, first.cause, first.prompt_tokens) == (
        "unusable", "context_overflow", 1510,
    )  # fmt: skip
    assert "the prompt has 1510 tokens, the context 1024" in first.reason
    assert usage(list(run.attempts.all()))["prompt_tokens"] == (1510 if run.result else 0)
    assert asked(host, FALLBACK) == (status == "succeeded")


def test_a_plain_prompt_beyond_the_window_is_sent_and_logged_once(host, person, caplog):
    with caplog.at_level(logging.WARNING, logger="workers.execution.attempts"):
        run = deliver(enqueue(user_id=person.pk, task_type=LONG["task_type"], payload=MANY_WORDS))
    assert run.error["code"] == "context_overflow"
    (record,) = (each for each in caplog.records if each.name == "workers.execution.attempts")
    assert "the context of ok:3b 4096 (Ollama's default)" in record.getMessage()


MANY_WORDS = {"prompt": "word " * 5000}


def test_a_prompt_that_is_too_long_for_every_model_ends_with_that_reason(
    accept, ollama, config_file
):
    config_file(WINDOWS.format(fallback=2048))
    ollama.script(PRIMARY, ["full-context-4096"])
    run = deliver(accept())
    assert run.error["code"] == "context_overflow"
    assert f"{PRIMARY} on {ollama.host}: unusable" in run.error["detail"]


def test_a_model_that_policy_forbids_meanwhile_ends_the_run_with_its_name(accept, settings):
    run = accept()
    settings.LLM_ENVIRON = {"LLM_ALLOWED_MODELS": FALLBACK}
    run = deliver(run)
    assert (run.status, run.error["code"]) == ("failed", "model_not_allowed")
    assert PRIMARY in run.error["detail"]
