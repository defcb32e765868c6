"""Two releases side by side: each executes what the other has sent and stored."""

import json
from datetime import timedelta

import jsonschema
import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import given, settings
from kombu import Exchange, Queue

from tests.workers import releases
from tests.workers.messaging.test_header_size import built, decisions
from tests.workers.waiting import wait_until
from workers.messaging.header import config_of
from workers.models import TaskRun
from workers.runs.outcomes import Outcome
from workers.runs.states import Status

LAST_EXCHANGE = Exchange("llm", type="topic")
LAST_READER = jsonschema.Draft202012Validator(releases.reader())


def store(row, user):
    """The row as the last release inserts it: with its columns, and no others."""
    now = timezone.now()
    deadline = now + timedelta(minutes=10)
    row = {**row, "user_id": user.pk, "available_at": now, "created_at": now, "deadline": deadline}
    row["published_at"] = now
    columns = ", ".join(f'"{name}"' for name in row)
    values = [json.dumps(v) if isinstance(v, dict) else v for v in row.values()]
    with connection.cursor() as cursor:
        marks = ", ".join(["%s"] * len(values))
        cursor.execute(f"INSERT INTO workers_taskrun ({columns}) VALUES ({marks})", values)  # noqa: S608


def publish(broker, message, user):
    """The message as the last release sends it, to an exchange that it declares."""
    _args, kwargs, _embed = message["body"]
    if "user_id" in kwargs:
        kwargs["user_id"] = user.pk
    with broker.connection_for_write() as connection:
        connection.Producer().publish(
            json.dumps(message["body"]),
            exchange="llm",
            routing_key=message["queue"],
            declare=[Queue(message["queue"], LAST_EXCHANGE, routing_key=message["queue"])],
            headers=message["headers"],
            correlation_id=message["correlation_id"],
            content_type=message["content_type"],
            content_encoding=message["content_encoding"],
            delivery_mode=2,
        )


def test_what_the_last_release_sent_is_executed_by_this_one(celery_worker, broker, person):
    kept = releases.messages()
    assert len(kept) == 5
    for one in kept.values():
        if one["row"]:
            store(one["row"], person)
        publish(broker, one["message"], person)
    wait_until(lambda: TaskRun.objects.filter(status="succeeded").count() == len(kept))
    models = {run.task_type: run.model_used for run in TaskRun.objects.all()}
    assert models == {
        "TASK_TYPE_DATA_ANALYSIS": "ok:3b",
        "TASK_TYPE_INSIGHT_GENERATION": "ok:3b",
        "TASK_TYPE_TEXT_GENERATION": "ok:3b",
        "TASK_TYPE_WEEKLY_REPORT": "ok:7b",
    }
    by_hand = TaskRun.objects.get(celery_task_id__isnull=False)
    assert by_hand.llm_config["max_retries"] == 1


@pytest.mark.parametrize(
    "extreme",
    [
        {"model": "m" * 200, "fallback_model": "", "max_retries": 0, "timeout_seconds": 1},
        {"max_retries": 10, "timeout_seconds": 300, "deadline_seconds": 86_400},
        {"first_token_timeout_seconds": 300, "deadline_seconds": 1},
        {"parameters": {"temperature": 2, "top_k": 1000, "max_tokens": 131_072}},
        {"parameters": {"presence_penalty": -2, "seed": 2_147_483_647, "min_p": 1}},
        {"parameters": {"stop": ["😀" * 64] * 4}},
        {"model": None, "parameters": None, "origins": None, "of_a_later_release": [1]},
        {},
    ],
    ids=lambda extreme: "-".join(extreme) or "nothing",
)
def test_what_the_last_release_accepted_is_not_malformed_to_this_one(extreme):
    LAST_READER.validate(extreme)
    config_of(extreme)


@settings(max_examples=100, deadline=None)
@given(decisions())
def test_the_last_release_reads_every_decision_of_this_one(config):
    LAST_READER.validate(json.loads(json.dumps(built(config))))


def test_the_kept_decisions_pass_the_kept_reader():
    for one in releases.messages().values():
        LAST_READER.validate(one["message"]["headers"]["llm_config"])


@pytest.mark.parametrize("wrong", [{"model": ""}, {"max_retries": 11}, {"parameters": []}])
def test_the_kept_reader_refuses_what_its_release_refused(wrong):
    assert not LAST_READER.is_valid(wrong)


def test_the_last_release_knows_every_word_that_this_one_stores():
    known = releases.words()
    assert set(Status) <= set(known["statuses"])
    assert set(Outcome) <= set(known["outcomes"])


def test_tasks_and_queues_of_the_last_release_are_still_served(broker):
    known = releases.words()
    assert set(known["tasks"]) <= set(broker.tasks)
    assert set(known["queues"]) <= set(broker.amqp.queues)
