"""``API_MAX_ACTIVE_RUNS``: nobody fills the queues alone."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.workers.api.test_tasks import PROMPT, client_of
from workers.models import TaskRun
from workers.reports.weeks import week_last_ended
from workers.submission.enqueue import enqueue


@pytest.fixture
def client(person, broker, ollama, transactional_db, settings):
    settings.API_MAX_ACTIVE_RUNS = 3
    return client_of(person)


def submit(client):
    return client.post("/v1/tasks", PROMPT)


def test_one_more_than_fits_is_refused_and_told_when_to_come_back(client):
    assert [submit(client).status_code for _ in range(3)] == [202, 202, 202]
    answer = submit(client)
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_active_runs")
    assert int(answer.headers["Retry-After"]) > 0
    assert TaskRun.objects.count() == 3


def test_what_has_ended_or_is_past_its_deadline_makes_room(client):
    for _ in range(3):
        submit(client)
    ended, late, _open = TaskRun.objects.all()
    TaskRun.objects.filter(pk=ended.pk).update(status="cancelled", finished_at=timezone.now())
    TaskRun.objects.filter(pk=late.pk).update(deadline=timezone.now() - timedelta(seconds=1))
    assert [submit(client).status_code for _ in range(3)] == [202, 202, 429]


def test_each_user_has_room_of_their_own(client):
    for _ in range(3):
        submit(client)
    assert submit(client_of(get_user_model().objects.create_user("eve"))).status_code == 202


def test_many_requests_at_once_do_not_get_past_it(client, settings):
    settings.API_MAX_ACTIVE_RUNS = 5

    def post(number):
        try:
            key = {"Idempotency-Key": f"key {number}"} if number % 2 else {}
            return client.post("/v1/tasks", PROMPT, headers=key).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        statuses = list(threads.map(post, range(24)))
    assert sorted(statuses) == [202] * 5 + [429] * 19
    assert TaskRun.objects.count() == 5


def test_a_repeated_key_needs_no_room(client):
    first = client.post("/v1/tasks", PROMPT, headers={"Idempotency-Key": "k"})
    submit(client)
    submit(client)
    again = client.post("/v1/tasks", PROMPT, headers={"Idempotency-Key": "k"})
    assert (again.status_code, again.json()["task_id"]) == (202, first.json()["task_id"])


def test_a_retry_needs_room_too(client, person):
    for _ in range(3):
        submit(client)
    ended = TaskRun.objects.first()
    TaskRun.objects.filter(pk=ended.pk).update(status="cancelled", finished_at=timezone.now())
    assert client.post(f"/v1/tasks/{ended.pk}/retry").status_code == 202
    answer = client.post(f"/v1/tasks/{ended.pk}/retry")
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_active_runs")


def test_a_report_that_is_asked_for_and_one_that_is_retried_need_room_too(client, person):
    week = week_last_ended(timezone.now(), ZoneInfo("UTC"))
    entry = {"date": week.monday.isoformat(), "text": "worked"}
    insight = {"task_type": "TASK_TYPE_INSIGHT_GENERATION", "payload": {"entries": [entry]}}
    for asked in (insight, PROMPT):
        enqueue(**asked, user_id=person.pk)
    report = client.post("/v1/reports/weekly", {"week": str(week)})
    assert report.status_code == 202, report.content
    task_id = report.json()["task_id"]
    TaskRun.objects.filter(pk=task_id).update(status="failed", finished_at=timezone.now())
    assert submit(client).status_code == 202
    for answer in (
        client.post(f"/v1/tasks/{task_id}/retry"),
        client.post("/v1/reports/weekly", {"week": str(week)}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_active_runs")


def test_what_the_server_itself_asks_for_is_not_counted_out(client, person):
    for _ in range(4):
        enqueue(**PROMPT, user_id=person.pk)
    assert TaskRun.objects.count() == 4
    assert submit(client).status_code == 429


@pytest.mark.parametrize("most", [0, None])
def test_without_a_number_there_is_no_limit(client, settings, most):
    settings.API_MAX_ACTIVE_RUNS = most
    assert {submit(client).status_code for _ in range(5)} == {202}


def test_it_holds_while_redis_is_away(client, wire, settings):
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    wire.cut()
    assert [submit(client).status_code for _ in range(4)] == [202, 202, 202, 429]


@pytest.mark.parametrize("key", [None, "k"], ids=["plain", "with a key"])
def test_to_accept_a_task_costs_at_most_eight_queries(client, key):
    """The first of a user's, too, when nothing about the configuration is in the cache."""
    headers = {"Idempotency-Key": key} if key else {}
    with CaptureQueriesContext(connection) as queries:
        assert client.post("/v1/tasks", PROMPT, headers=headers).status_code == 202
    told = [query["sql"] for query in queries if query["sql"] not in ("BEGIN", "COMMIT")]
    assert len(told) <= 8, "\n".join(told)
