"""``manage.py llm_doctor`` against real services."""

import json
import uuid

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection

from llmconfig.models import Preference
from tests.workers.backends.ollama.asking import free_port
from workers.process.registry.nodes import node_register
from workers.testing.fake_ollama import FakeOllama

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(config_file, settings):
    with FakeOllama(models=["ok:3b", "ok:1b", "ok:7b", "embed:1"]) as server:
        settings.OLLAMA_HOST = server.host
        yield server


@pytest.fixture
def doctor(capsys):
    def run(*options):
        call_command("llm_doctor", *options)
        return capsys.readouterr().out

    return run


def codes(told):
    return [finding["code"] for finding in json.loads(told)["findings"]]


def test_where_all_is_well_it_says_so(doctor, server):
    told = doctor("--strict")
    assert "3 configured, 3 present" in told
    assert told.endswith("Nothing is wrong.\n")


def test_each_models_window_is_told_with_where_it_comes_from(doctor, server, config_file):
    config_file(
        'default: {model: "ok:3b", fallback_model: "ok:1b"}\n'
        'model_params: {"ok:3b": {context_window: 2048}}'
    )
    server.load("ok:1b")
    told = " ".join(doctor("--strict").split())
    assert "Windows ok:1b 4096 tokens, as it is loaded now ok:3b 2048 tokens, stated in" in told
    assert "Models that could hold longer prompts than they are given" in told
    assert '"ok:3b": {context_window: 4096}' in told
    assert told.endswith("Nothing is wrong.")
    found = json.loads(doctor("--json"))
    assert found["ok"] is True
    assert {each["code"] for each in found["findings"]} == {"window_small"}
    assert found["models"][0]["context_window"]["tokens"] == 4096


def test_a_missing_model_is_told_with_who_uses_it(doctor, server):
    group = Group.objects.create(name="premium")
    Preference.objects.create(group=group, model="qwen3:8b", version=2)
    for number in range(5):
        user = get_user_model().objects.create_user(f"user{number}")
        Preference.objects.create(user=user, model="qwen3:8b", version=1)
    told = doctor()
    assert "tier premium (preference" in told
    assert "5 users (user0, user1, user2, …)" in told
    assert "ollama pull qwen3:8b" in told
    assert "1 thing is wrong." in told


def test_strict_exits_1_where_something_is_wrong(doctor, server):
    Preference.objects.create(model="qwen3:8b", version=1)
    with pytest.raises(SystemExit) as caught:
        doctor("--strict")
    assert caught.value.code == 1


def test_a_model_for_embeddings_is_no_fallback(doctor, server):
    Preference.objects.create(fallback_model="embed:1", version=1)
    assert codes(doctor("--json")) == ["model_incapable"]


def test_what_policy_refuses_and_what_is_ignored_is_told(doctor, server, settings):
    settings.LLM_ENVIRON = {"LLM_ALLOWED_MODELS": "ok:*"}
    Preference.objects.create(model="qwen3:8b", version=1)
    Preference.objects.create(task_type="TASK_TYPE_OLD", model="x:1", version=1)
    assert codes(doctor("--json")) == ["model_not_allowed", "rows_ignored"]


def test_the_reports_of_live_workers_count_as_well(doctor, server):
    node_register(
        name="text@elsewhere",
        instance=uuid.uuid4(),
        queues=["llm.text_generation"],
        host="http://elsewhere:11434",
        known_models=[{"name": "ok:3b", "capabilities": ["completion"], "loaded": True}],
    )
    told = doctor()
    assert "Model server   http://elsewhere:11434" in told
    assert "OLLAMA_HOST=http://elsewhere:11434 ollama pull ok:1b" in told


def test_a_configuration_that_cannot_be_used_is_told_line_by_line(doctor, server, settings):
    settings.LLM_ENVIRON = {"LLM_MAX_RETRIES": "many", "LLM_DEFAULT_TIMEOUT": "soon"}
    assert codes(doctor("--json")) == ["configuration_invalid"] * 2


def test_parameters_of_a_model_that_nothing_names_are_told(doctor, server, config_file):
    config_file("model_params: {'ok:33b': {top_k: 1}, 'embed:1': {top_k: 1}, 'mine:1': {top_k: 1}}")
    user = get_user_model().objects.create_user("ada")
    Preference.objects.create(user=user, fallback_model="Mine:1", version=1)
    told = json.loads(doctor("--json"))["findings"]
    unnamed = [each["subject"] for each in told if each["code"] == "model_params_unnamed"]
    assert unnamed == ["ok:33b"]


def test_parts_that_are_away_are_lines_and_no_traceback(doctor, server, broker, monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
    monkeypatch.setitem(connection.settings_dict, "PORT", free_port())
    monkeypatch.setattr(broker.conf, "broker_read_url", f"redis://127.0.0.1:{free_port()}/0")
    server.stop()
    told = doctor()
    for title in (
        "The database cannot be used",
        "The broker cannot be reached",
        "Model servers that do not answer, or refuse us",
    ):
        assert title in told
    assert "3 configured, not looked for" in told


def test_a_database_without_our_tables_is_a_line_and_no_traceback(doctor, server):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE workers_workernode RENAME TO elsewhere")
    told = doctor("--json")
    (finding,) = json.loads(told)["findings"]
    assert finding["code"] == "database_unusable"
    assert "workers_workernode" in finding["text"]


def test_it_never_generates(doctor, server):
    doctor()
    assert {exchange.path for exchange in server.log} <= {
        "/api/tags", "/api/ps", "/api/show", "/api/version",
    }  # fmt: skip


def test_its_queries_do_not_grow_with_the_users(doctor, server, django_assert_max_num_queries):
    for number in range(20):
        user = get_user_model().objects.create_user(f"user{number}")
        Preference.objects.create(user=user, model="ok:3b", version=1)
    with django_assert_max_num_queries(9):
        doctor()
