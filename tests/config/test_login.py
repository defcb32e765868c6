"""Logging in with the browser is limited like logging in over the API."""

import uuid

import pytest
from rest_framework.test import APIClient

from config.api.throttles.known_networks import is_known
from config.api.throttles.names import name_digest
from config.api.throttles.throttle import ADDRESS_FACTOR

pytestmark = pytest.mark.django_db

PAGES = ["/login/", "/admin/login/"]


@pytest.fixture
def root(django_user_model, settings):
    settings.LLM_CACHE_NAMESPACE = uuid.uuid4().hex
    settings.API_RATE_LOGIN = "2/min"
    return django_user_model.objects.create_superuser("root", password="right")


def attempt(client, page, typed="wrong", name="root", **options):
    return client.post(page, {"username": name, "password": typed}, **options)


@pytest.mark.parametrize("page", PAGES)
def test_passwords_are_tried_so_often_and_then_not(client, root, page):
    assert [attempt(client, page).status_code for _ in range(2)] == [200, 200]
    answer = attempt(client, page, "right")
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 60
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("page", PAGES)
def test_space_around_a_name_makes_it_no_other_name(client, root, page, settings):
    settings.API_RATE_LOGIN = "1/min"
    names = ["root", " root", "root\u3000"] * 4
    answers = [
        attempt(client, page, name=name, REMOTE_ADDR=f"192.0.2.{number}")
        for number, name in enumerate(names[: ADDRESS_FACTOR + 1])
    ]
    assert [answer.status_code for answer in answers] == [200] * ADDRESS_FACTOR + [429]


@pytest.mark.parametrize("page", PAGES)
def test_a_network_from_which_a_user_logged_in_passes_the_limit_on_the_name(client, root, page):
    assert attempt(client, page, "right", REMOTE_ADDR="198.51.100.7").status_code == 302
    assert is_known(name_digest("root"), "198.51.100.7")
    assert not is_known(name_digest("root"), "198.51.100.8")
    assert not is_known(name_digest("eve"), "198.51.100.7")


def test_attempts_in_the_browser_and_over_the_api_are_counted_together(client, root):
    for page in PAGES:
        attempt(client, page)
    body = {"username": "root", "password": "right"}
    assert APIClient().post("/v1/auth/token", body).status_code == 429


def test_looking_at_the_page_counts_nothing(client, root):
    for _ in range(5):
        assert client.get("/login/").status_code == 200
    assert attempt(client, "/login/", "right").status_code == 302
