"""Policy as a client meets it: what may not run is refused before it is stored."""

import pytest
from django.contrib.auth.models import Group
from knox.models import AuthToken
from rest_framework.test import APIClient

from llmconfig.models import Preference, Tier
from workers.execution.runner import run_deliver
from workers.models import TaskRun

TYPE = "TASK_TYPE_TEXT_GENERATION"
TASK = {"task_type": TYPE, "payload": {"prompt": "Say hello."}}
PREVIEW = f"/v1/llm/config/preview?task_type={TYPE}"


@pytest.fixture
def client(person, broker, ollama, transactional_db):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {AuthToken.objects.create(user=person)[1]}")
    return client


@pytest.fixture
def tier(person, transactional_db):
    """Makes the person a member of a tier with a list."""

    def join(*allowed_models: str) -> Group:
        group = Group.objects.create(name="gold")
        Tier.objects.create(group=group, rank=1, allowed_models=list(allowed_models))
        person.groups.add(group)
        return group

    return join


def test_where_no_model_is_allowed_tasks_and_preview_are_refused_with_the_reasons(client, tier):
    tier("other:*")
    for answer in (client.post("/v1/tasks", TASK), client.get(PREVIEW)):
        body = answer.json()
        assert (answer.status_code, body["code"]) == (409, "no_allowed_model")
        assert body["errors"]["model"][0] == "no tier of the user allows the model 'ok:3b'"
    assert not TaskRun.objects.exists()


def test_a_tiers_own_model_lets_its_members_work(client, tier):
    Preference.objects.create(group=tier("other:*"), model="other:1", fallback_model="ok:1b")
    config = client.post("/v1/tasks", TASK).json()["llm_config"]
    assert (config["model"], config["fallback_model"]) == ("other:1", "")


def test_users_may_not_state_what_their_tiers_do_not_allow(client, tier):
    tier("ok:*")
    for field in ("model", "fallback_model"):
        answer = client.put("/v1/users/llm-config", {field: "other:1"})
        body = answer.json()
        assert (answer.status_code, body["code"]) == (409, "model_not_allowed")
        assert body["errors"] == {field: ["No tier of the user allows the model other:1."]}


@pytest.mark.parametrize("field", ["model", "fallback_model"])
def test_a_request_may_not_name_what_the_tiers_do_not_allow(client, tier, settings, field):
    settings.LLM_ALLOW_REQUEST_LAYER = True
    tier("ok:*")
    answer = client.post("/v1/tasks", {**TASK, "llm": {field: "other:1"}})
    assert (answer.status_code, answer.json()["code"]) == (409, "model_not_allowed")
    answer = client.post("/v1/tasks", {**TASK, "llm": {"model": "ok:9b", "max_retries": 0}})
    config = answer.json()["llm_config"]
    assert (config["source"], config["max_retries"]) == ("request", 0)


@pytest.mark.parametrize("fallback", ["ok:1b", ""])
def test_a_worker_refuses_what_the_environment_no_longer_allows(
    client, person, settings, ollama, fallback
):
    Preference.objects.create(user=person, model="missing:7b", fallback_model=fallback)
    run = TaskRun.objects.get(pk=client.post("/v1/tasks", TASK).json()["task_id"])
    settings.LLM_ENVIRON = {"LLM_ALLOWED_MODELS": "missing:*" if fallback else "ok:*"}
    run_deliver(run.pk)
    run = TaskRun.objects.get(pk=run.pk)
    assert (run.status, run.error["code"]) == ("failed", "model_not_allowed")
    assert not ollama.requests("/api/chat", "ok:1b")
