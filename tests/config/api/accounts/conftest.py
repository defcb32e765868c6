"""People with passwords, and clients that log in by token or as a browser does."""

import json

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from rest_framework.test import APIClient

from llmconfig.models import Tier

PASSWORD = "correct horse battery"


@pytest.fixture
def ada(db):
    return get_user_model().objects.create_user("ada", password=PASSWORD)


@pytest.fixture
def premium(db):
    group = Group.objects.create(name="premium")
    Tier.objects.create(group=group, rank=20)
    return group


@pytest.fixture
def log_in():
    """What the API answers to a name and a password."""

    def post(username="ada", password=PASSWORD, **more):
        body = {"username": username, "password": password, **more}
        # As ASCII, which may say what no text is.
        return APIClient().post("/v1/auth/token", json.dumps(body), content_type="application/json")

    return post


@pytest.fixture
def client_of(log_in):
    """A client with a token of its own."""

    def make(username="ada", **more):
        token = log_in(username).json()["token"]
        client = APIClient(**more)
        client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
        return client

    return make


@pytest.fixture
def browser(ada):
    """A session, with CSRF as strict as outside of tests."""
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(ada)
    return client
