"""How many SQL statements logging in and asking take, limits and audit trail included."""

import pytest
from rest_framework.test import APIClient

from tests.workers.api.test_tasks import client_of


@pytest.fixture
def ada(django_user_model, transactional_db):
    return django_user_model.objects.create_user("ada", password="right")


@pytest.fixture
def client(ada, settings):
    for scope in ("READ", "CONFIG_WRITE", "SUBMIT", "LOGIN"):
        setattr(settings, f"API_RATE_{scope}", "1000/min")
    return client_of(ada)


def test_asking_who_i_am_takes_two(client, django_assert_num_queries):
    with django_assert_num_queries(2):
        client.get("/v1/auth/me")


def test_logging_in_takes_as_many_with_one_token_as_with_twenty(ada, django_assert_num_queries):
    body = {"username": "ada", "password": "right"}
    # The user; BEGIN, a lock, what expired, the number, the token, COMMIT; last_login; the audit.
    for tokens in (1, 20):
        for _ in range(tokens):
            client_of(ada)
        with django_assert_num_queries(10):
            assert APIClient().post("/v1/auth/token", body).status_code == 200
