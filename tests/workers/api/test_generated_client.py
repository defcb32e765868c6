"""A Python client generated from the committed description submits, follows and reads a task."""

import importlib
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from knox.models import AuthToken

from config.env import PROJECT
from tests.workers.waiting import wait_until

PACKAGE = "llmconfig_client"
TEXT = "TASK_TYPE_TEXT_GENERATION"


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """The client's package, importable while the tests run; imports one of its modules."""
    target = tmp_path_factory.mktemp("client") / "generated"
    command = [Path(sys.executable).with_name("openapi-python-client"), "generate"]
    options = ["--path", PROJECT / "docs" / "openapi.yaml", "--output-path", target]
    ended = subprocess.run([*command, *options], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "WARNING" not in ended.stdout.upper(), ended.stdout
    sys.path.insert(0, str(target))
    yield lambda name: importlib.import_module(f"{PACKAGE}.{name}")
    sys.path.remove(str(target))
    for name in [name for name in sys.modules if name.startswith(PACKAGE)]:
        del sys.modules[name]


@pytest.fixture
def client(generated, live_server, person):
    token = AuthToken.objects.create(user=person)[1]
    made = generated("client").AuthenticatedClient(
        base_url=live_server.url, token=token, prefix="Token", httpx_args={"trust_env": False}
    )
    with made as opened:
        yield opened


def call(generated, name, client, **arguments):
    return generated(f"api.{name}").sync_detailed(client=client, **arguments)


def prompt(generated, text="Say hello."):
    models = generated("models")
    payload = models.PromptPayloadRequest(prompt=text)
    return models.TextGenerationTaskRequest(task_type=TEXT, payload=payload)


def test_a_task_is_submitted_followed_and_its_result_read(
    generated, celery_worker, client, live_server
):
    key = uuid.uuid4().hex
    asked = {"body": prompt(generated), "idempotency_key": key}
    accepted = call(generated, "tasks.submit_task", client, **asked)
    assert accepted.status_code == 202
    task_id = accepted.parsed.task_id
    assert accepted.headers["Location"] == accepted.parsed.status_url
    again = call(generated, "tasks.submit_task", client, **asked)
    assert again.parsed.task_id == task_id

    def state():
        return call(generated, "tasks.get_task", client, task_id=task_id).parsed

    wait_until(lambda: state().finished_at is not None)
    told = state()
    assert told.status == "succeeded"
    assert told.attempts[0].completion_tokens == told.usage.completion_tokens
    result = call(generated, "tasks.get_task_result", client, task_id=task_id).parsed
    assert result.content == told.result.content
    page = call(generated, "tasks.list_tasks", client, task_type=TEXT, limit=1).parsed
    assert [each.task_id for each in page.results] == [task_id]


def test_an_error_is_read_as_a_problem(generated, broker, ollama, client):
    unknown = call(generated, "tasks.get_task", client, task_id=uuid.uuid4())
    assert (unknown.status_code, unknown.parsed.code) == (404, "not_found")
    blank = call(generated, "tasks.submit_task", client, body=prompt(generated, "  "))
    assert (blank.status_code, blank.parsed.code) == (400, "invalid_payload")
    assert blank.parsed.errors["payload"] == {"prompt": ["This field may not be blank."]}


def test_preferences_are_written_and_read(generated, broker, ollama, client):
    models = generated("models")
    body = models.PreferencesRequest(model="ok:7b", timeout_seconds=90)
    stated = call(generated, "configuration.replace_own_llm_config", client, body=body)
    assert stated.parsed.preferences.model == "ok:7b"
    assert stated.parsed.effective[TEXT].timeout_seconds == 90
    stale = {"body": models.PreferencesRequest(), "if_match": '"older"'}
    refused = call(generated, "configuration.replace_own_llm_config", client, **stale)
    assert (refused.status_code, refused.parsed.code) == (412, "precondition_failed")
