"""Limits of a test's own, and a wire to Redis that can be cut or frozen."""

import uuid
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from knox.models import AuthToken
from rest_framework.test import APIClient

from config.api.throttles import throttle
from config.api.throttles.limits import Limits
from llmconfig.cache import outage, server
from tests.proxy import Proxy

LIMIT = server.TIMEOUT_SECONDS


@pytest.fixture(autouse=True)
def _own_limits(settings, monkeypatch):
    settings.LLM_CACHE_NAMESPACE = uuid.uuid4().hex
    monkeypatch.setattr(throttle, "limits", Limits())
    # A busy machine is no outage; connections are made anew, with this limit.
    monkeypatch.setattr(server, "TIMEOUT_SECONDS", 5)
    server._servers.clear()
    yield
    server._servers.clear()


@pytest.fixture
def wire(settings, monkeypatch):
    """What is in force as ``REDIS_URL`` goes over this; who finds it away tries again at once."""
    url = urlsplit(django_settings.REDIS_URL)
    monkeypatch.setattr(outage, "PAUSE_SECONDS", 0)
    with Proxy((url.hostname, url.port or 6379)) as proxy:
        settings.REDIS_URL = urlunsplit(url._replace(netloc=f"{url.hostname}:{proxy.port}"))
        yield proxy


@pytest.fixture
def fail(wire, monkeypatch):
    """Does this to the wire: ``fail("freeze")``. Who hangs from then on waits as in real life."""

    def do(fault):
        getattr(wire, fault)()
        monkeypatch.setattr(server, "TIMEOUT_SECONDS", LIMIT)
        server._servers.clear()

    return do


@pytest.fixture
def client_of(db):
    """A client with a token of a user of that name, calling from an address."""

    def make(name="ada", address="192.0.2.1", **options):
        user = get_user_model().objects.filter(username=name).first()
        user = user or get_user_model().objects.create_user(name, **options)
        client = APIClient(REMOTE_ADDR=address)
        client.credentials(HTTP_AUTHORIZATION=f"Token {AuthToken.objects.create(user)[1]}")
        return client

    return make
