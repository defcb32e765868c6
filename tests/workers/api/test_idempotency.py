"""``Idempotency-Key``: a client that is not sure sends the same request again."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.utils import timezone

from tests.workers.api.test_tasks import PROMPT, client_of
from workers.models import TaskRun


@pytest.fixture
def client(person, broker, ollama, transactional_db):
    return client_of(person)


def post(client, key, body=PROMPT):
    return client.post("/v1/tasks", body, headers={"Idempotency-Key": key})


def test_the_same_request_with_the_same_key_is_one_run(client):
    first, second = post(client, "k"), post(client, "k")
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["task_id"] == second.json()["task_id"]
    assert TaskRun.objects.count() == 1


def test_keys_in_another_order_are_the_same_request(client):
    post(client, "k", {"task_type": PROMPT["task_type"], "payload": PROMPT["payload"]})
    post(client, "k", {"payload": PROMPT["payload"], "task_type": PROMPT["task_type"]})
    assert TaskRun.objects.count() == 1


def test_another_request_with_the_same_key_is_refused(client):
    post(client, "k")
    answer = post(client, "k", {**PROMPT, "priority": "low"})
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_key_reused")
    assert TaskRun.objects.count() == 1


def test_a_key_is_its_users_own(client):
    post(client, "k")
    eve = client_of(get_user_model().objects.create_user("eve"))
    assert post(eve, "k").status_code == 202
    assert TaskRun.objects.count() == 2


def test_after_a_day_the_key_is_free_again(client):
    post(client, "k")
    TaskRun.objects.update(created_at=timezone.now() - timedelta(hours=24, seconds=1))
    assert post(client, "k", {**PROMPT, "priority": "low"}).status_code == 202
    assert TaskRun.objects.count() == 2


def test_a_refused_request_leaves_its_key_free(client):
    assert post(client, "k", {**PROMPT, "payload": {}}).status_code == 400
    assert post(client, "k").status_code == 202


@pytest.mark.parametrize("key", ["", "k" * 256, "tab\there"])
def test_a_key_that_is_none_is_refused(client, key):
    answer = post(client, key)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_idempotency_key")


def test_many_connections_with_one_key_at_once_make_one_run(client):
    def replay(_):
        try:
            return post(client, "k").json()["task_id"]
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        answers = set(threads.map(replay, range(24)))
    assert len(answers) == 1
    assert TaskRun.objects.count() == 1
