"""Whether database, broker and model server can be reached."""

import socket
import time

import pytest
from django.db import connection

from tests.workers.backends.ollama.asking import HANGS, free_port
from workers.backends import ollama as backend
from workers.process.dependency_checks import broker_problem, database_problem, model_server_problem
from workers.testing.behaviours import Status


@pytest.fixture
def hanging():
    """The port of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def elsewhere(monkeypatch):
    def move(port):
        monkeypatch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        monkeypatch.setitem(connection.settings_dict, "PORT", port)

    return move


def test_a_database_that_answers_is_no_problem(db):
    assert database_problem() == ""


def test_a_database_that_is_away_is_a_reason_in_one_line(db, elsewhere):
    elsewhere(free_port())
    told = database_problem()
    assert "refused" in told
    assert "\n" not in told


def test_a_database_that_hangs_is_given_up_soon(db, elsewhere, hanging):
    elsewhere(hanging)
    began = time.monotonic()
    assert "timeout" in database_problem()
    assert time.monotonic() - began < HANGS


@pytest.mark.parametrize("url", ["redis://127.0.0.1:{}/0", "amqp://127.0.0.1:{}//"])
def test_a_broker_that_is_away_is_a_reason_in_one_line(broker, monkeypatch, url):
    with monkeypatch.context() as patch:
        patch.setattr(broker.conf, "broker_read_url", url.format(free_port()))
        told = broker_problem()
    assert "refused" in told
    assert "\n" not in told
    assert broker_problem() == ""


@pytest.mark.parametrize("url", ["redis://127.0.0.1:{}/0", "amqp://127.0.0.1:{}//"])
def test_a_broker_that_hangs_is_given_up_soon(broker, monkeypatch, hanging, url):
    monkeypatch.setattr(broker.conf, "broker_read_url", url.format(hanging))
    began = time.monotonic()
    assert broker_problem()
    assert time.monotonic() - began < 2 * HANGS


def test_a_model_server_that_is_away_is_named(settings):
    settings.OLLAMA_HOST = f"http://127.0.0.1:{free_port()}"
    assert settings.OLLAMA_HOST in model_server_problem()
    backend.close()


def test_a_model_server_whose_proxy_refuses_us_is_told_with_the_status(settings, fake_ollama):
    settings.OLLAMA_HOST = fake_ollama.host
    fake_ollama.script("/api/version", [Status(code=401)])
    assert model_server_problem() == f"{fake_ollama.host} refuses us: 401 Unauthorized"
