"""A run in parts: it waits for its children in its row, and goes on when they need it no more."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connections, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from workers import task_types
from workers.execution.runner import run_deliver
from workers.models import Attempt, TaskRun
from workers.process.sweeper import sweep
from workers.runs.claims import claim_take
from workers.runs.quota import room_left
from workers.runs.states import Status
from workers.submission.cancel import run_cancel
from workers.submission.children import round_of, run_divide
from workers.submission.enqueue import enqueue
from workers.submission.parents import parents_release
from workers.task_types.preparation import Division
from workers.task_types.prompts import Prompt
from workers.testing.behaviours import Status as HttpStatus
from workers.testing.delivery import run_finish

TYPE = "TASK_TYPE_TEXT_GENERATION"


def divided(run, config):
    """A prompt with bars is done in parts, and joined with plus signs."""
    prompt = run.payload["prompt"]
    if "part" in run.payload or "|" not in prompt:
        return Prompt(system="", user=prompt)
    done = round_of(run)
    if done.is_open:
        return Division(round=done.number)
    if not done.number:
        return Division(round=1, payloads=[{"prompt": part} for part in prompt.split("|")])
    return Prompt(system="", user="+".join(child.payload["prompt"] for child in done.children))


@pytest.fixture
def parent(monkeypatch, transactional_db, broker, ollama, person):
    monkeypatch.setitem(
        task_types._registry, TYPE, replace(task_types.get(TYPE), prepare=divided)
    )  # fmt: skip

    def make(prompt="a|b|c", **fields):
        return enqueue(
            task_type=TYPE, payload={"prompt": prompt}, user_id=person.pk, **fields
        )  # fmt: skip

    return make


def children_of(run):
    return list(TaskRun.objects.filter(parent=run.pk).order_by("payload__part"))


def fresh(run):
    return TaskRun.objects.get(pk=run.pk)


def asked(ollama):
    return [x.body["messages"][-1]["content"] for x in ollama.requests("/api/chat")]


def is_waiting_for_parts(run):
    run = fresh(run)
    return run.status == Status.RETRYING and run.parked_on == "parts 1" and not run.claim_token


def test_a_run_waits_for_its_parts_without_a_claim_and_they_wait_for_a_worker(parent):
    run = parent(priority="low")
    run_deliver(run.pk)
    assert is_waiting_for_parts(run)
    children = children_of(run)
    assert [child.payload for child in children] == [
        {"prompt": word, "part": number, "parts": 3, "round": 1}
        for number, word in enumerate("abc", start=1)
    ]
    for child in children:
        assert (child.queue, child.user, child.deadline) == (run.queue, run.user, run.deadline)
        assert child.llm_config["config_version"] == run.llm_config["config_version"]
        assert child.llm_config["deadline"] == run.deadline.isoformat()
        assert child.llm_config["run_id"] == str(child.pk)


def test_the_last_part_releases_the_whole_and_no_other_does(parent):
    run = parent()
    run_deliver(run.pk)
    *others, last = children_of(run)
    for child in others:
        run_finish(child)
        assert is_waiting_for_parts(run)
    run_finish(last)
    assert (fresh(run).status, fresh(run).parked_on) == (Status.QUEUED, "")


def test_a_worker_does_the_parts_and_then_the_whole(parent, ollama, finished, celery_worker):
    run = finished(parent("a|b|c|d|e"))
    assert run.status == Status.SUCCEEDED
    assert sorted(asked(ollama)[:-1]) == list("abcde")
    assert asked(ollama)[-1] == "a+b+c+d+e"


def test_parts_that_end_at_the_same_moment_release_the_whole_once(parent):
    run = parent("a|b|c|d")
    run_deliver(run.pk)
    gate = threading.Barrier(4)

    def work(child):
        gate.wait()
        run_finish(child)
        connections.close_all()

    threads = [threading.Thread(target=work, args=[child]) for child in children_of(run)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert fresh(run).status == Status.QUEUED
    assert parents_release(TaskRun.objects.all()) == 0


def test_a_release_that_was_missed_is_made_up_for_by_the_sweeper(parent):
    run = parent()
    run_deliver(run.pk)
    TaskRun.objects.filter(parent=run.pk).update(
        status=Status.SUCCEEDED, result={"content": "x"}, finished_at=timezone.now()
    )
    assert is_waiting_for_parts(run)
    sweep()
    assert fresh(run).status == Status.QUEUED


def test_a_waiting_whole_is_left_alone_by_the_sweeper(parent):
    run = parent()
    run_deliver(run.pk)
    sweep()
    assert is_waiting_for_parts(run)


def test_a_whole_that_is_woken_too_early_waits_again_and_begins_nothing_twice(parent):
    run = parent()
    run_deliver(run.pk)
    TaskRun.objects.filter(pk=run.pk).update(parked_on="", available_at=timezone.now())
    run_deliver(run.pk)
    assert is_waiting_for_parts(run)
    assert len(children_of(run)) == 3


def test_who_lost_the_claim_divides_nothing(parent):
    run = parent()
    claim = claim_take(run.pk)
    TaskRun.objects.filter(pk=run.pk).update(
        status=Status.RETRYING, claim_token=None, lease_expires_at=None
    )
    assert not run_divide(claim, run, Division(round=1, payloads=[{"prompt": "a"}]))
    assert children_of(run) == []


def test_a_part_that_fails_ends_the_whole_with_its_reason_and_the_other_parts(parent, ollama):
    run = parent("a|b|c")
    run_deliver(run.pk)
    failing, *others = children_of(run)
    ollama.script("ok:3b", [HttpStatus(code=400, body="against our policy")])
    assert run_finish(failing).status == Status.FAILED
    assert fresh(run).status == Status.QUEUED
    run_deliver(run.pk)
    ended = fresh(run)
    assert (ended.status, ended.error["code"]) == (Status.FAILED, "part_failed")
    assert "Part 1 of 3" in ended.error["detail"]
    assert "rejected" in ended.error["detail"]
    assert {fresh(child).status for child in others} == {Status.CANCELLED}


def test_a_part_that_is_cancelled_ends_the_whole(parent, person):
    run = parent()
    run_deliver(run.pk)
    run_cancel(children_of(run)[1], by=person)
    run_deliver(run.pk)
    assert fresh(run).error["code"] == "part_failed"
    assert {child.status for child in children_of(run)} == {Status.CANCELLED}


def test_cancelling_the_whole_cancels_its_parts(parent, person):
    run = parent()
    run_deliver(run.pk)
    run_cancel(run, by=person)
    assert {child.status for child in children_of(run)} == {Status.CANCELLED}
    assert (fresh(run).status, fresh(run).parked_on) == (Status.CANCELLED, "")


def test_the_deadline_of_the_whole_is_that_of_its_parts(parent):
    run = parent()
    run_deliver(run.pk)
    TaskRun.objects.update(deadline=timezone.now() - timedelta(seconds=1))
    sweep()
    assert {each.status for each in TaskRun.objects.all()} == {Status.EXPIRED}


def test_a_part_whose_worker_dies_is_done_again_and_the_whole_waits_for_it(parent, ollama):
    run = parent("a|b")
    run_deliver(run.pk)
    first, second = children_of(run)
    run_finish(second)
    assert claim_take(first.pk)
    past = timezone.now() - timedelta(seconds=1)
    TaskRun.objects.filter(pk=first.pk).update(lease_expires_at=past)
    assert is_waiting_for_parts(run)
    run_finish(first)
    run_finish(run)
    assert fresh(run).status == Status.SUCCEEDED
    assert sorted(asked(ollama)) == ["a", "a+b", "b"]


def test_a_whole_whose_worker_dies_before_it_divided_is_divided_once(parent):
    run = parent()
    assert claim_take(run.pk)
    past = timezone.now() - timedelta(seconds=1)
    TaskRun.objects.filter(pk=run.pk).update(lease_expires_at=past)
    sweep()
    run_deliver(run.pk)
    run_deliver(run.pk)
    assert len(children_of(run)) == 3


def test_parts_that_no_broker_took_are_published_by_the_sweeper(parent):
    run = parent()
    run_deliver(run.pk)
    TaskRun.objects.filter(parent=run.pk).update(status=Status.PENDING, published_at=None)
    assert sweep() == 3
    assert {child.status for child in children_of(run)} == {Status.QUEUED}


def test_parts_are_not_counted_among_what_a_user_may_have_on_the_way(parent, settings, person):
    settings.API_MAX_ACTIVE_RUNS = 5
    run = parent()
    run_deliver(run.pk)
    with transaction.atomic():
        assert room_left(person.pk) == 4


def test_the_usage_of_the_whole_has_the_tokens_of_its_parts_and_they_are_listed(parent, person):
    client = APIClient()
    client.force_authenticate(person)
    run = parent("a|b")
    run_finish(run)
    attempts = Attempt.objects.all()
    assert attempts.count() == 3
    told = client.get(f"/v1/tasks/{run.pk}").json()
    listed = client.get("/v1/tasks", {"parent_id": str(run.pk)}).json()["results"]
    assert len(told["attempts"]) == 1
    for name in ("prompt_tokens", "completion_tokens"):
        total = sum(getattr(attempt, name) for attempt in attempts)
        assert told["usage"][name] == total
        assert sum(part["usage"][name] for part in listed) < total
    assert [part["parent_id"] for part in listed] == [str(run.pk)] * 2
