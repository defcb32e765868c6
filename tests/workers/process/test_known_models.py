"""The names that llmconfig offers are those that live workers have at hand."""

import uuid
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.db.models import F

import llmconfig.resolution.known_models
from workers.models import WorkerNode
from workers.process import known_models
from workers.process.registry.nodes import node_register

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh():
    known_models.forget()
    yield
    known_models.forget()


def register(name, *models):
    node_register(
        name=name, instance=uuid.uuid4(), known_models=[{"name": model} for model in models]
    )


def test_the_models_of_all_live_workers_are_known():
    register("one", "b:1", "a:1")
    register("two", "b:1", "c:1")
    assert known_models.known_names() == ("a:1", "b:1", "c:1")
    assert set(llmconfig.resolution.known_models.names()) >= {"a:1", "b:1", "c:1"}


def test_before_a_worker_has_looked_at_its_model_server_nothing_is_known():
    register("one")
    assert known_models.known_names() is None
    WorkerNode.objects.update(host_version="0.12.6")
    known_models.forget()
    assert known_models.known_names() == ()


def test_the_models_of_a_gone_worker_are_not():
    register("one", "a:1")
    WorkerNode.objects.update(seen_at=F("seen_at") - timedelta(minutes=1))
    assert known_models.known_names() is None


def test_they_are_read_once_in_a_while(django_assert_num_queries):
    register("one", "a:1")
    with django_assert_num_queries(1):
        for _ in range(3):
            assert known_models.known_names() == ("a:1",)


def test_a_database_that_is_away_leaves_the_last_known_names(monkeypatch):
    register("one", "a:1")
    known_models.known_names()
    monkeypatch.setattr(known_models, "CACHE_SECONDS", 0.0)
    known_models.forget()
    known_models.known_names()

    def away():
        raise OperationalError

    monkeypatch.setattr(known_models, "_read", away)
    assert known_models.known_names() == ("a:1",)


def test_the_windows_of_loaded_models_are_known_of_several_the_smallest():
    for name, tokens in (("one", 8192), ("two", 4096)):
        loaded = [
            {"name": "a", "context_window": tokens},
            {"name": "b:1", "context_window": None},
            {"name": "c:1"},
        ]
        node_register(name=name, instance=uuid.uuid4(), known_models=loaded)
    assert known_models.known_windows() == {"a:latest": 4096}
