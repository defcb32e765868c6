"""The thread that keeps a worker's row."""

import logging
from pathlib import Path

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from llmconfig import __version__
from llmconfig.layers.known_file import known_file_load
from tests.workers.waiting import wait_until
from workers.backends import ollama as backend
from workers.models import WorkerNode
from workers.process.registry.announcement import Announcement
from workers.process.registry.registrar import Registrar
from workers.process.registry.selectors import nodes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def registrar(ollama, settings):
    settings.LLM_WORKER_METADATA = {"rack": "b4"}
    yield Registrar(
        Announcement(
            name="text@here",
            queues=("llm.text_generation", "llm.text_generation.low"),
            concurrency=4,
            metrics_address="http://127.0.0.1:1",
        )
    )
    backend.close()


def test_the_first_heartbeat_tells_everything(registrar, ollama):
    ollama.load("ok:3b")
    registrar.look()
    node = nodes().get()
    assert (node.state, node.version, node.concurrency) == ("live", __version__, 4)
    assert node.host == ollama.host
    assert node.host_version == "0.99.0"
    assert node.metrics_address == "http://127.0.0.1:1"
    assert node.default_config == {
        "TASK_TYPE_TEXT_GENERATION": {
            "model": "ok:3b",
            "fallback_model": "ok:1b",
            "timeout_seconds": 60,
            "first_token_timeout_seconds": None,
            "max_retries": 3,
            "deadline_seconds": 600,
            "parameters": {},
            "model_parameters": {"primary": {}, "fallback": {}},
        }
    }
    assert "ok:1" in [model["name"] for model in node.known_models]


def test_what_the_environment_states_of_a_worker_is_in_its_row(registrar):
    assert nodes().count() == 0
    registrar.look()
    assert nodes().get().metadata == {"rack": "b4"}


def test_a_heartbeat_without_news_writes_the_moment_alone(registrar):
    registrar.look()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        registrar.tick()
    (written,) = [query["sql"] for query in queries if query["sql"].startswith("UPDATE")]
    assert "seen_at" in written
    assert "known_models" not in written


def test_what_changes_is_written(registrar, ollama):
    registrar.look()
    ollama.stop()
    for _ in range(3):
        registrar.look()
    node = nodes().get()
    assert "cannot be reached" in node.host_error
    assert node.known_models


def test_a_row_that_has_gone_is_made_again(registrar):
    registrar.look()
    WorkerNode.objects.all().delete()
    registrar.look()
    assert nodes().get().host_version == "0.99.0"


def test_missing_models_are_found_and_logged_once(registrar, config_file, caplog):
    caplog.set_level(logging.INFO)
    assert registrar.missing is None
    config_file('default: {model: "gone:1b", fallback_model: "gone:2b"}')
    registrar.look()
    registrar.look()
    (line,) = [r.getMessage() for r in caplog.records if r.getMessage().startswith("Models: ")]
    assert "neither model nor fallback of: TASK_TYPE_TEXT_GENERATION" in line
    assert registrar.missing.models == ("gone:1b", "gone:2b")
    assert registrar.missing.task_types == ("TASK_TYPE_TEXT_GENERATION",)


def test_the_file_that_a_worker_started_with_is_kept(registrar, settings):
    registrar.look()
    kept = known_file_load(Path(settings.LLM_CONFIG_FILE))
    assert kept.content == Path(settings.LLM_CONFIG_FILE).read_bytes()


def test_a_configuration_without_an_allowed_model_is_told_as_none(registrar, settings):
    settings.LLM_ENVIRON = {"LLM_ALLOWED_MODELS": "nothing:1"}
    registrar.look()
    assert nodes().get().default_config == {"TASK_TYPE_TEXT_GENERATION": None}


def test_a_registrar_that_is_stopped_says_so(registrar):
    registrar.start()
    wait_until(lambda: nodes().filter(state="live"))
    registrar.stop()
    assert nodes().get().state == "stopped"
    assert not registrar.is_alive()


def test_a_database_that_is_away_ends_nothing(registrar, monkeypatch, caplog):
    caplog.set_level(logging.WARNING)

    def away(**_):
        raise OperationalError("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr("workers.process.registry.registrar.node_register", away)
        registrar.look()
    assert "The database is unreachable: the database is away" in caplog.text
    assert "Traceback" not in caplog.text
    registrar.look()
    assert nodes().get().state == "live"
