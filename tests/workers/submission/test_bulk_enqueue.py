"""Many runs at once: each by the rules of ``enqueue``, together at a fraction of its cost."""

import json
import threading
from datetime import timedelta
from itertools import count, islice

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from llmconfig.models import Preference
from workers.models import TaskRun
from workers.process.sweeper import sweep
from workers.submission.bulk_enqueue import CHUNK, enqueue_many
from workers.submission.enqueue import enqueue
from workers.submission.submissions import Submission

TEXT = "TASK_TYPE_TEXT_GENERATION"
PROMPT = {"prompt": "Say hello."}


def asked(**fields):
    return Submission(**{"task_type": TEXT, "payload": PROMPT, **fields})


def queued(broker, queue="llm.text_generation"):
    """The messages that wait, oldest first."""
    with broker.connection_for_read() as connected:
        waiting = iter(lambda: connected.default_channel.basic_get(queue, no_ack=True), None)
        return list(waiting)


@pytest.fixture
def people(db):
    model = get_user_model()
    return model.objects.bulk_create(model(username=f"user {n}") for n in range(3))


def test_each_is_stored_as_enqueue_stores_it(
    transactional_db, broker, config_file, people, settings
):
    settings.LLM_ALLOW_REQUEST_LAYER = True
    Preference.objects.create(user=people[1], model="ok:9b", parameters={"seed": 7})
    submissions = [
        asked(user_id=people[0].pk, metadata={"week": "47"}),
        asked(user_id=people[1].pk, priority="low", deadline_seconds=30),
        asked(user_id=people[1].pk, request={"model": "ok:1b"}),
        asked(task_type="TASK_TYPE_DATA_ANALYSIS", payload={"entries": ["one"]}),
    ]
    many = [outcome.run for outcome in enqueue_many(submissions)]
    alone = [enqueue(**fields_of(each)) for each in submissions]
    assert [stored(run) for run in many] == [stored(run) for run in alone]


def fields_of(submission):
    fields = {**vars(submission)}
    del fields["parent_id"]
    return fields


def stored(run):
    """What the row says, but for what is its own."""
    row = TaskRun.objects.values().get(pk=run.pk)
    assert row["llm_config"].pop("run_id") == str(run.pk)
    assert row["llm_config"].pop("deadline") == row["deadline"].isoformat()
    row["deadline"] = row["deadline"] - row["available_at"]
    for own in ("id", "available_at", "created_at", "published_at"):
        assert row.pop(own)
    assert row["status"] == run.status == "queued"
    return row


def test_the_messages_are_those_that_enqueue_sends(transactional_db, broker, config_file, person):
    alone = enqueue(task_type=TEXT, payload=PROMPT, user_id=person.pk)
    (outcome,) = enqueue_many([asked(user_id=person.pk)])
    first, second = queued(broker)
    assert json.loads(first.body)[0] == [str(alone.pk)]
    assert json.loads(second.body)[0] == [str(outcome.run.pk)]
    assert shape(first) == shape(second)


def shape(message):
    own = {"id", "root_id", "argsrepr", "published_at", "first_published_at", "llm_config"}
    headers = {name: value for name, value in message.headers.items() if name not in own}
    config = message.headers["llm_config"]
    delivery = {key: message.delivery_info[key] for key in ("exchange", "routing_key")}
    return (
        headers,
        message.headers.keys(),
        {name: config[name] for name in config.keys() - {"run_id", "deadline"}},
        message.properties.keys(),
        (message.content_type, message.content_encoding, delivery),
        json.loads(message.body)[1:],
    )


def test_those_who_listen_hear_of_each_message(transactional_db, broker, config_file):
    from celery.signals import before_task_publish

    heard = []

    def listen(headers, body, **_):
        status = TaskRun.objects.values_list("status", flat=True).get(pk=body[0][0])
        heard.append((headers["llm_config"]["run_id"], status))

    before_task_publish.connect(listen)
    try:
        outcomes = list(enqueue_many([asked(), asked()]))
    finally:
        before_task_publish.disconnect(listen)
    assert heard == [(str(outcome.run.pk), "queued") for outcome in outcomes]


def test_what_is_refused_refuses_nothing_else(
    transactional_db, broker, config_file, people, settings
):
    settings.LLM_ENVIRON = {"LLM_ALLOWED_MODELS": "ok:*"}
    settings.LLM_ALLOW_REQUEST_LAYER = True
    submissions = [
        asked(user_id=people[0].pk),
        asked(task_type="TASK_TYPE_NONE"),
        asked(payload={"promt": "x"}),
        asked(priority="high"),
        asked(deadline_seconds=86_400),
        asked(user_id=people[0].pk, request={"model": "other:1b"}),
        asked(user_id=people[2].pk + 1),
        asked(user_id=people[1].pk),
    ]
    outcomes = list(enqueue_many(submissions))
    assert [outcome.submission for outcome in outcomes] == submissions
    assert [getattr(outcome.error, "code", None) for outcome in outcomes] == [
        None,
        "unknown_task_type",
        "invalid_payload",
        "unknown_priority",
        "deadline_too_long",
        "model_not_allowed",
        "unknown_user",
        None,
    ]
    assert TaskRun.objects.count() == 2


def test_where_no_model_is_allowed_it_is_told_why(transactional_db, config_file, people, settings):
    settings.LLM_ENVIRON = {"LLM_ALLOWED_MODELS": "none:*"}
    outcomes = list(enqueue_many(asked(user_id=user.pk) for user in people))
    assert {outcome.error.code for outcome in outcomes} == {"no_allowed_model"}
    assert all(outcome.error.errors["model"] for outcome in outcomes)


def test_nothing_is_published_before_the_commit(transactional_db, broker, config_file):
    with transaction.atomic():
        (outcome,) = enqueue_many([asked()])
        assert (outcome.run.status, queued(broker)) == ("pending", [])
    assert outcome.run.status == "queued"
    assert len(queued(broker)) == 1


def test_what_is_rolled_back_was_never_asked_for(transactional_db, broker, config_file):
    with transaction.atomic():
        list(enqueue_many([asked()]))
        transaction.set_rollback(True)
    assert not TaskRun.objects.exists()
    assert queued(broker) == []


def test_without_publishing_the_sweeper_does_it(transactional_db, broker, config_file):
    list(enqueue_many([asked(), asked()], publish=False))
    assert queued(broker) == []
    assert sweep() == 2


def test_what_is_for_later_is_not_published(transactional_db, broker, config_file):
    later = timezone.now() + timedelta(hours=1)
    (outcome,) = enqueue_many([asked(available_at=later)])
    row = TaskRun.objects.get()
    assert (row.status, row.available_at, outcome.run.pk) == ("pending", later, row.pk)
    assert row.deadline == later + timedelta(seconds=600)
    assert sweep() == 0


def test_no_more_is_read_than_one_chunk(transactional_db, broker, config_file):
    numbers = count()
    outcomes = enqueue_many(asked(metadata={"n": str(n)}) for n in numbers)
    first = list(islice(outcomes, CHUNK))
    assert next(numbers) == CHUNK
    assert [outcome.run.metadata["n"] for outcome in first] == [str(n) for n in range(CHUNK)]


def test_large_payloads_make_small_chunks(transactional_db, broker, config_file):
    numbers = count()
    large = {"prompt": "x" * 190_000}
    next(enqueue_many(asked(payload=large) for _ in numbers))
    assert next(numbers) < 25


def test_a_key_that_is_taken_stands_for_its_run(transactional_db, broker, config_file):
    (first,) = enqueue_many([asked(idempotency_key="a")])
    again, new, twice = enqueue_many([asked(idempotency_key=key) for key in ("a", "b", "b")])
    assert (again.run, again.is_new) == (first.run, False)
    assert (new.is_new, twice.run, twice.is_new) == (True, new.run, False)
    assert TaskRun.objects.count() == 2
    assert len(queued(broker)) == 2


def test_of_two_who_use_the_same_keys_at_once_each_has_the_same_runs(
    transactional_db, broker, config_file
):
    told = {}
    start = threading.Barrier(2)

    def work(name):
        start.wait()
        keyed = [asked(idempotency_key=f"key {n}") for n in range(50)]
        told[name] = [outcome.run.pk for outcome in enqueue_many(keyed)]
        connection.close()

    threads = [threading.Thread(target=work, args=(name,)) for name in ("one", "other")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told["one"] == told["other"]
    assert TaskRun.objects.count() == 50
    assert len(queued(broker)) == 50


def test_only_as_many_are_accepted_as_there_is_room_for(transactional_db, broker, config_file):
    outcomes = list(
        enqueue_many([asked(priority="high"), asked(), asked(), asked()], room=lambda: 2)
    )
    assert [getattr(outcome.error, "code", None) for outcome in outcomes] == [
        "unknown_priority",
        None,
        None,
        "too_many_active_runs",
    ]


def test_many_users_cost_as_many_queries_as_two(transactional_db, broker, config_file):
    model = get_user_model()
    users = model.objects.bulk_create(model(username=f"many {n}") for n in range(402))
    with CaptureQueriesContext(connection) as two:
        list(enqueue_many(asked(user_id=user.pk) for user in users[:2]))
    with CaptureQueriesContext(connection) as many:
        list(enqueue_many(asked(user_id=user.pk) for user in users[2:]))
    assert len(queued(broker)) == 402
    assert len(many) == len(two)
