"""Which parts a worker can reach, as it saw them last."""

import pytest
from django.db import OperationalError

from workers.backends import ollama as backend
from workers.process.metrics_server.watch import Watch

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def watch(ollama):
    yield Watch(("llm.text_generation",))
    backend.close()


def test_parts_that_answer_are_ok(watch):
    watch.look()
    assert watch.parts == {"database": "ok", "broker": "ok", "model_server": "ok"}


def test_a_model_server_that_is_away_is_told_and_so_is_its_return(watch, ollama):
    ollama.stop()
    watch.look()
    assert watch.parts["model_server"] == "unreachable"
    ollama.start()
    watch.look()
    assert watch.parts["model_server"] == "ok"


def test_a_database_that_is_away_hides_nothing_else(watch, monkeypatch):
    def away(*_):
        raise OperationalError("away")

    monkeypatch.setattr("workers.process.metrics_server.watch.snapshot_take", away)
    watch.look()
    assert watch.parts == {"database": "unreachable", "broker": "ok", "model_server": "ok"}


def test_what_was_seen_long_ago_is_unknown(watch, monkeypatch):
    watch.look()
    monkeypatch.setattr("workers.process.metrics_server.watch.STALE_SECONDS", 0.0)
    assert set(watch.parts.values()) == {"unknown"}
