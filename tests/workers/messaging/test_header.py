"""The decision travels: on every way to send work, its header is on the message."""

import json
import subprocess
import sys
from datetime import timedelta

import pytest
from celery import chain, group
from celery.beat import Scheduler
from django.utils import timezone

from config.env import PROJECT
from llmconfig.models import Preference
from llmconfig.values.types import ResolvedConfig
from workers.messaging.header import MAX_BYTES, header_build
from workers.submission.enqueue import enqueue, enqueue_signature

NAME, TYPE = "llm.insight_generation", "TASK_TYPE_INSIGHT_GENERATION"
PAYLOAD = {"entries": ["Fixed the login"]}


@pytest.fixture
def message(person):
    """What a producer without a row sends."""
    return {"task_type": TYPE, "payload": PAYLOAD, "user_id": person.pk}


@pytest.fixture
def receive(broker):
    """The next message of the queue, as it lies on the broker."""

    def get():
        with broker.connection_for_read() as connection:
            queue = broker.amqp.queues[NAME](connection.default_channel)
            found = queue.get()
            if found is not None:
                found.ack()
            return found

    return get


@pytest.fixture(autouse=True)
def prepared(person, ollama, transactional_db):
    Preference.objects.create(user=person, model="ok:9b")


def by_apply_async(app, message):
    app.tasks[NAME].apply_async(kwargs=message)


def by_delay(app, message):
    app.tasks[NAME].delay(**message)


def by_send_task(app, message):
    app.send_task(NAME, kwargs=message)


def by_signature(app, message):
    app.tasks[NAME].s(**message).apply_async()


def by_group(app, message):
    group(app.tasks[NAME].s(**message), app.tasks[NAME].s(**message)).apply_async()


def by_beat(app, message):
    scheduler = Scheduler(app=app, lazy=True)
    entry = scheduler.Entry(name="x", task=NAME, kwargs=message, schedule=timedelta(1), app=app)
    scheduler.apply_async(entry, advance=False)


def by_enqueue(_app, message):
    enqueue(**message)


def by_enqueue_signature(_app, message):
    enqueue_signature(**message).apply_async()


@pytest.mark.parametrize(
    "send",
    [
        by_apply_async, by_delay, by_send_task, by_signature, by_group, by_beat, by_enqueue,
        by_enqueue_signature,
    ],
)  # fmt: skip
def test_every_way_to_send_carries_the_users_decision(broker, message, receive, send):
    send(broker, message)
    header = receive().headers["llm_config"]
    assert header["schema_version"] == 1
    assert (header["model"], header["source"]) == ("ok:9b", "user")
    assert header["task_type"] == TYPE
    assert header["origins"]["model"]["layer"] == "user"


def test_later_links_of_a_chain_carry_what_was_decided_when_it_was_built(
    broker, message, receive, person
):
    task = broker.tasks[NAME]
    built = chain(task.si(**message), task.si(**message))
    Preference.objects.filter(user=person).update(model="ok:1b")
    built.apply_async()
    _args, _kwargs, embedded = receive().payload
    (link,) = embedded["chain"]
    assert link["options"]["headers"]["llm_config"]["model"] == "ok:9b"


def test_a_header_that_the_caller_gave_is_left_alone(broker, message, receive):
    given = header_build(
        ResolvedConfig.from_wire({"model": "ok:mine"}), task_type=TYPE, user_id=None
    )
    broker.tasks[NAME].apply_async(kwargs=message, headers={"llm_config": given, "other": "kept"})
    headers = receive().headers
    assert headers["llm_config"]["model"] == "ok:mine"
    assert headers["other"] == "kept"


def test_a_retry_sends_the_same_header_again(celery_worker, person, finished):
    from celery.signals import task_prerun

    seen = []

    def note(task, **_):
        seen.append(task.request.headers["llm_config"])

    Preference.objects.filter(user=person).update(model="http-503:1", max_retries=1)
    task_prerun.connect(note)
    try:
        finished(enqueue(task_type=TYPE, payload=PAYLOAD, user_id=person.pk))
    finally:
        task_prerun.disconnect(note)
    assert len(seen) == 2
    assert seen[0] == seen[1]


def test_a_reader_ignores_unknown_keys_and_defaults_missing_ones():
    config = ResolvedConfig.from_wire({"model": "m:1", "colour": "blue", "schema_version": 9})
    assert (config.model, config.max_retries) == ("m:1", 3)


def test_the_header_stays_below_its_limit_and_says_so(person):
    config = ResolvedConfig.from_wire({"model": "m:1", "parameters": {"stop": ["x" * 64] * 4}})
    header = header_build(config, task_type=TYPE, user_id=person.pk)
    assert len(json.dumps(header)) < MAX_BYTES


def test_the_deadline_counts_from_when_the_run_may_start(person, broker):
    later = timezone.now() + timedelta(hours=1)
    run = enqueue(task_type=TYPE, payload=PAYLOAD, user_id=person.pk, available_at=later)
    assert run.deadline == later + timedelta(seconds=run.llm_config["deadline_seconds"])
    assert run.status == "pending"


@pytest.mark.parametrize("user_id", ["abc", [1], 99_999_999])
def test_a_user_that_does_not_exist_is_left_to_the_worker(broker, message, receive, user_id):
    broker.send_task(NAME, kwargs={**message, "user_id": user_id})
    assert receive() is not None


def test_send_task_resolves_in_a_process_that_only_set_django_up():
    code = (
        "import django; django.setup();"
        "from celery.signals import before_task_publish as s; import sys;"
        "sys.exit(0 if s.receivers else 1)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=False).returncode == 0
