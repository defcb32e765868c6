"""``GET /v1/tasks/{id}/events`` as an operation: who may, what is refused, what is complete.

Open streams are in ``tests/workers/streaming``.
"""

import json
import uuid

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from jsonschema import Draft202012Validator
from rest_framework.test import APIClient

from tests.config.api.openapi import description
from tests.config.api.test_answers import untold
from tests.workers.api.test_tasks import client_of
from workers.models import Attempt, TaskRun
from workers.streaming.cursors import Cursor, Take
from workers.streaming.diff import Row, View, news
from workers.streaming.sse import CONTENT_TYPE
from workers.submission.enqueue import enqueue

pytestmark = pytest.mark.usefixtures("broker", "config_file")


@pytest.fixture
def client(person):
    return client_of(person)


@pytest.fixture
def run(person):
    return enqueue(
        task_type="TASK_TYPE_TEXT_GENERATION", payload={"prompt": "Hi"}, user_id=person.pk
    )


@pytest.fixture
def answered(run):
    """A run that has ended with a text."""
    now = timezone.now()
    TaskRun.objects.filter(pk=run.pk).update(
        status="succeeded", result={"content": "Hello"}, finished_at=now, deliveries=1
    )
    Attempt.objects.create(
        run=run, number=1, model="m:1", host="h", outcome="succeeded", started_at=now, duration_ms=1
    )
    return run


def address(run):
    return f"/v1/tasks/{run.pk}/events"


def names(answer):
    lines = answer.content.decode().splitlines()
    return [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]


def last_id(answer):
    lines = answer.content.decode().splitlines()
    return [line.removeprefix("id: ") for line in lines if line.startswith("id: ")][-1]


def test_nothing_keeps_a_stream_or_holds_it_back(client, run):
    answer = client.get(address(run), HTTP_ACCEPT=CONTENT_TYPE)
    assert answer.status_code == 200
    assert answer["Content-Type"] == CONTENT_TYPE
    assert answer["Cache-Control"] == "no-store"
    assert answer["X-Accel-Buffering"] == "no"


def test_without_a_server_for_streams_it_is_what_is_known_now(client, run):
    assert names(client.get(address(run))) == ["state"]


@pytest.mark.parametrize("query", ["", "?wait=0", "?wait=300"])
def test_a_run_that_has_ended_is_told_as_a_whole(client, answered, query):
    answer = client.get(address(answered) + query)
    assert names(answer) == ["attempt", "state", "text", "end"]
    assert b'"delta":"Hello"' in answer.content


def test_the_data_of_each_event_has_the_shape_that_is_described(client, answered):
    operation = description()["paths"]["/v1/tasks/{task_id}/events"]["get"]
    answer = client.get(address(answered))
    data = [
        json.loads(line.removeprefix("data: "))
        for line in answer.content.decode().splitlines()
        if line.startswith("data: ")
    ]
    assert set(names(answer)) == {"state", "attempt", "text", "end"}
    for name, told in zip(names(answer), data, strict=True):
        described = operation["x-events"][name]
        Draft202012Validator({**description(), **described}).validate(told)
        assert list(untold(told, described)) == []


def test_a_reset_and_a_beginning_have_their_described_shapes():
    attempt = description()["components"]["schemas"]["AttemptEvent"]
    assert {"type": "null"} in attempt["properties"]["outcome"]["oneOf"]
    view = View(row=Row(status="running", deliveries=2, attempts=()), take=Take(2, 1))
    told = Cursor(take=Take(1, 1), characters=5, status="running")
    reset = next(event for event in news(view, told) if event.name == "reset")
    described = {"$ref": "#/components/schemas/ResetEvent"}
    assert list(untold(reset.data, described)) == []


def test_who_has_had_the_end_is_to_ask_no_more(client, answered):
    ended = last_id(client.get(address(answered)))
    answer = client.get(address(answered), headers={"Last-Event-ID": ended})
    assert (answer.status_code, answer.content) == (204, b"")


def test_who_has_had_a_part_has_the_rest(client, answered):
    answer = client.get(address(answered), headers={"Last-Event-ID": "0.0.0.1.succeeded"})
    assert names(answer) == ["text", "end"]


@pytest.mark.parametrize("given", ["x", "0-0", "1.1.1.1.running.1", "1.1.1.1."])
def test_an_id_that_is_none_is_refused(client, run, given):
    answer = client.get(address(run), headers={"Last-Event-ID": given})
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["errors"].keys() == {"Last-Event-ID"}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("wait=-1", "wait"),
        ("wait=301", "wait"),
        ("wait=soon", "wait"),
        ("wait=1.5", "wait"),
        ("wait=", "wait"),
        ("wait=1&wait=2", "wait"),
        ("wiat=1", "wiat"),
    ],
)
def test_what_cannot_be_asked_is_refused(client, run, query, field):
    answer = client.get(f"{address(run)}?{query}", HTTP_ACCEPT=CONTENT_TYPE)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["errors"].keys() == {field}


def test_another_persons_run_is_none(run):
    other = client_of(get_user_model().objects.create_user("ben"))
    told = [other.get(address(run)), other.get(f"/v1/tasks/{uuid.uuid4()}/events")]
    told.append(other.get("/v1/tasks/none/events", headers={"Last-Event-ID": "1.1.1.1.end"}))
    assert [(answer.status_code, answer.json()["code"]) for answer in told] == [
        (404, "not_found")
    ] * 3
    staff = get_user_model().objects.create_user("eve", is_staff=True)
    assert client_of(staff).get(address(run)).status_code == 200


def test_nobody_is_told_anything_without_logging_in(run):
    answer = APIClient().get(address(run), HTTP_ACCEPT=CONTENT_TYPE)
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"


def test_head_has_no_stream(client, run):
    answer = client.head(address(run))
    assert (answer.status_code, answer["Content-Type"]) == (200, CONTENT_TYPE)


def test_asking_costs_the_same_however_much_there_is_to_tell(client, answered):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as seen:
            client.get(address(answered))
        return len(seen)

    before = queries()
    Attempt.objects.bulk_create(
        Attempt(
            run=answered,
            model="m:1",
            host="h",
            outcome="skipped",
            started_at=timezone.now(),
            duration_ms=0,
        )
        for _ in range(50)
    )
    assert queries() == before <= 4
