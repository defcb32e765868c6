"""``check --deploy``: a model server without the models that are needed can stop a deployment."""

import pytest
from django.core.checks import run_checks
from django.db import OperationalError

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("config_file")]


def told(*, deploy=True):
    checked = run_checks(tags=["workers"], include_deployment_checks=deploy)
    return [(each.id, each.msg) for each in checked]


@pytest.fixture
def ollama(ollama):
    ollama.load("ok:1b", "ok:3b", "ok:7b")
    return ollama


@pytest.fixture(autouse=True)
def _must_be_present(settings):
    settings.LLM_REQUIRE_PRESENT_MODELS = True


def test_a_host_with_all_models_is_fine(ollama):
    assert told() == []


def test_a_task_type_without_a_model_is_an_error_and_another_model_a_warning(ollama, config_file):
    config_file(
        'default: {model: "ok:3b", fallback_model: "gone:1b"}\n'
        'task_types: {TASK_TYPE_WEEKLY_REPORT: {model: "gone:7b"}}'
    )
    assert told() == [
        (
            "workers.E002",
            f"{ollama.host} has neither the model nor the fallback model of"
            " TASK_TYPE_WEEKLY_REPORT.",
        ),
        ("workers.W001", f"{ollama.host} does not have the configured model gone:1b."),
        ("workers.W001", f"{ollama.host} does not have the configured model gone:7b."),
    ]


def test_a_host_that_does_not_answer_is_an_error(ollama):
    ollama.stop()
    ((number, text),) = told()
    assert number == "workers.E001"
    assert text.startswith(ollama.host)


def test_without_a_database_file_and_variables_are_checked(ollama, config_file, monkeypatch):
    config_file('default: {model: "gone:3b", fallback_model: ""}')

    def away():
        raise OperationalError

    monkeypatch.setattr("workers.process.checks.models_stated", away)
    assert {number for number, _ in told()} == {"workers.E002", "workers.W001"}


@pytest.mark.parametrize(("deploy", "required"), [(False, True), (True, False)])
def test_without_deploy_or_the_setting_the_host_is_not_queried(ollama, settings, deploy, required):
    settings.LLM_REQUIRE_PRESENT_MODELS = required
    ollama.stop()
    assert told(deploy=deploy) == []
