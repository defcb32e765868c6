"""While the database takes no changes, what changes nothing goes on, and the rest says why not."""

from contextlib import contextmanager

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from knox.models import AuthToken
from rest_framework.test import APIClient

TASK = {"task_type": "TASK_TYPE_TEXT_GENERATION", "payload": {"prompt": "x"}}


@pytest.fixture
def staff(db):
    return get_user_model().objects.create_superuser("root", password="enter")


@pytest.fixture
def api(staff):
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Token {AuthToken.objects.create(user=staff)[1]}")
    return client


@contextmanager
def read_only():
    """The block cannot write."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
        yield
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("method", "url", "body"),
    [
        ("post", "/v1/tasks", TASK),
        ("post", "/v1/tasks/batch", {"tasks": [TASK]}),
        ("put", "/v1/users/llm-config", {"max_retries": 0}),
        ("delete", "/v1/users/llm-config", None),
        ("post", "/v1/auth/token", {"username": "root", "password": "enter"}),
        ("put", "/v1/reports/settings", {"enabled": True}),
    ],
)
def test_a_change_is_refused_for_now(api, method, url, body):
    with read_only():
        answer = getattr(api, method)(url, body)
    assert (answer.status_code, answer.json()["code"]) == (503, "database_read_only")
    assert int(answer["Retry-After"]) > 0


@pytest.mark.parametrize("url", ["/v1/tasks", "/v1/users/llm-config", "/v1/llm/task-types"])
def test_what_is_stored_can_be_read(api, url):
    with read_only():
        assert api.get(url).status_code == 200


def test_a_page_says_so_too(client, staff):
    client.raise_request_exception = False
    with read_only():
        answer = client.post("/admin/login/", {"username": "root", "password": "enter"})
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    assert "takes no changes at the moment" in answer.content.decode()
