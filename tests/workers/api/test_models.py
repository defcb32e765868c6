"""``GET /v1/llm/models``: which models there are, for whoever asks."""

import uuid
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models import F

from llmconfig.models import Preference, Tier
from tests.workers.api.test_tasks import client_of
from workers.models import WorkerNode
from workers.process.registry.nodes import node_register

pytestmark = pytest.mark.django_db

TEXT, REPORT = "TASK_TYPE_TEXT_GENERATION", "TASK_TYPE_WEEKLY_REPORT"
HOST = "http://10.0.0.7:11434"


@pytest.fixture(autouse=True)
def configured(config_file):
    """The suite's configuration: ok:3b and ok:1b for everyone, ok:7b for reports."""


def has(name, **facts):
    unknown = {"size": None, "context_length": None, "capabilities": None, "loaded": False}
    return {"name": name, **unknown, **facts}


@pytest.fixture
def worker():
    def register(name="text@box", *models, queues=("llm.text_generation",), **fields):
        node_register(
            name=name,
            instance=uuid.uuid4(),
            queues=list(queues),
            host=HOST,
            known_models=list(models),
            **fields,
        )

    return register


@pytest.fixture
def models(person):
    def read():
        answer = client_of(person).get("/v1/llm/models")
        assert answer.status_code == 200, answer.content
        return {model["name"]: model for model in answer.json()["models"]}

    return read


@pytest.fixture
def staff(person):
    person.is_staff = True
    person.save()
    return person


def test_a_model_of_a_live_worker_is_available_with_what_the_worker_tells(models, worker):
    worker(
        "text@box",
        has("big:70b", size=40_000, context_length=8192, capabilities=["completion"], loaded=True),
    )
    assert models()["big:70b"] == {
        "name": "big:70b",
        "available": True,
        "allowed": True,
        "loaded": True,
        "size": 40_000,
        "context_length": 8192,
        "context_window": {"tokens": 4096, "source": "default", "place": "Ollama's default"},
        "capabilities": ["completion"],
        "workers": [{"name": "text", "state": "loaded"}],
        "used_by": [],
    }


def test_a_configured_model_that_nobody_has_is_listed_as_not_available(models, worker):
    worker("text@box", has("ok:1b"))
    told = models()
    assert (told["ok:3b"]["available"], told["ok:1b"]["available"]) == (False, True)
    assert told["ok:3b"]["workers"] == [{"name": "text", "state": "missing"}]


def test_a_model_is_missed_only_by_workers_that_would_need_it(models, worker):
    worker("text@box", has("ok:3b"), has("ok:1b"))
    assert models()["ok:7b"]["workers"] == []


def test_each_use_is_told_with_its_layer(models, person):
    Preference.objects.create(user=person, task_type=TEXT, fallback_model="own:1", version=1)
    told = models()
    assert told["own:1"]["used_by"] == [
        {"task_type": TEXT, "field": "fallback_model", "layer": "user"}
    ]
    assert {"task_type": REPORT, "field": "model", "layer": "task_type"} in told["ok:7b"]["used_by"]


def test_names_with_and_without_the_latest_tag_are_one_model(models, worker, person):
    Preference.objects.create(user=person, model="qwen3", version=1)
    worker("text@box", has("qwen3:latest"))
    told = models()
    assert "qwen3" not in told
    assert told["qwen3:latest"]["available"]
    assert told["qwen3:latest"]["used_by"]


def test_what_environment_or_tier_forbid_is_not_allowed(models, worker, person, settings):
    worker("text@box", has("ok:3b"), has("ok:1b"), has("big:70b"), has("other:1"))
    settings.LLM_ENVIRON = {"LLM_ALLOWED_MODELS": "ok:*,big:*"}
    assert {name for name, told in models().items() if not told["allowed"]} == {"other:1"}
    group = Group.objects.create(name="standard")
    Tier.objects.create(group=group, rank=1, allowed_models=["ok:*"])
    person.groups.add(group)
    assert {name for name, told in models().items() if not told["allowed"]} == {
        "other:1", "big:70b",
    }  # fmt: skip


def test_a_worker_whose_model_server_is_away_has_nothing_at_hand(models, worker):
    worker("text@box", has("ok:3b"), host_error="refused")
    told = models()["ok:3b"]
    assert (told["available"], told["workers"]) == (
        False, [{"name": "text", "state": "unreachable"}],
    )  # fmt: skip


def test_a_model_that_cannot_be_used_is_not_available(models, worker):
    worker("text@box", has("ok:3b", fault="Ollama cannot load the model"))
    told = models()["ok:3b"]
    assert (told["available"], told["workers"]) == (
        False, [{"name": "text", "state": "unusable"}],
    )  # fmt: skip


def test_staff_see_why_a_model_cannot_be_used(models, worker, staff):
    worker("text@box", has("ok:3b", fault="Ollama cannot load the model"))
    [told] = models()["ok:3b"]["workers"]
    assert told["reason"] == "Ollama cannot load the model"


def test_a_gone_worker_counts_for_nothing(models, worker):
    worker("text@box", has("big:70b"))
    WorkerNode.objects.update(seen_at=F("seen_at") - timedelta(minutes=1))
    assert "big:70b" not in models()


def test_other_people_s_models_and_hosts_are_not_told(models, worker):
    other = get_user_model().objects.create_user("eve")
    Preference.objects.create(user=other, model="secret:1", version=1)
    worker("text@box", has("ok:3b"))
    answer = str(models())
    for secret in ("secret:1", "10.0.0.7", "box", "preference", "places"):
        assert secret not in answer


def test_staff_see_hosts_and_who_states_each_model(models, worker, staff):
    group = Group.objects.create(name="premium")
    row = Preference.objects.create(group=group, task_type=TEXT, model="tier:1", version=3)
    other = get_user_model().objects.create_user("eve")
    Preference.objects.create(user=other, model="users:1", version=1)
    worker("text@box", has("ok:3b"))
    told = models()
    assert told["ok:3b"]["workers"] == [{"name": "text@box", "state": "present", "host": HOST}]
    assert told["tier:1"]["places"] == [
        {
            "layer": "tier",
            "place": row.place,
            "tier": "premium",
            "task_types": [TEXT],
            "field": "model",
            "users": 0,
        }
    ]
    (place,) = told["users:1"]["places"]
    assert (place["layer"], place["place"], place["users"]) == ("user", None, 1)
    assert told["users:1"]["workers"] == [{"name": "text@box", "state": "missing", "host": HOST}]


@pytest.mark.parametrize(("is_staff", "most"), [(False, 6), (True, 10)])
def test_its_queries_are_few_and_do_not_grow(
    person, worker, is_staff, most, django_assert_max_num_queries
):
    person.is_staff = is_staff
    person.save()
    client = client_of(person)
    for number in range(20):
        worker(f"text{number}@box", *(has(f"model{n}:1") for n in range(20)))
        user = get_user_model().objects.create_user(f"user{number}")
        Preference.objects.create(user=user, model=f"own{number}:1", version=1)
    with django_assert_max_num_queries(most):
        client.get("/v1/llm/models")


def test_who_is_nobody_is_told_nothing(client):
    assert client.get("/v1/llm/models").status_code == 401


def test_the_answer_is_kept_by_no_shared_cache(person):
    told = client_of(person).get("/v1/llm/models").headers["Cache-Control"]
    assert {part.strip() for part in told.split(",")} == {"private", "no-cache"}


def test_each_models_window_is_told_with_where_it_comes_from(models, worker, config_file):
    config_file('default: {model: "ok:3b"}\nmodel_params: {"ok:3b": {context_window: 2048}}')
    worker("text@box", has("ok:3b", context_window=512), has("a:1", context_window=8192))
    worker("more@box", has("a:1", context_window=1024), {**has("b:1"), "loaded": True})
    windows = {name: told["context_window"] for name, told in models().items()}
    assert windows["a:1"] == {"tokens": 1024, "source": "loaded", "place": None}
    assert (windows["ok:3b"]["tokens"], windows["ok:3b"]["source"]) == (2048, "stated")
    assert windows["b:1"]["source"] == "default"
