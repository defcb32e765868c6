import json
import threading

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from llmconfig.models import Preference
from llmconfig.store.services import preference_save
from tests.llmconfig.conftest import ALL_TYPES, INSIGHT, REPORT, SEED

URL = "/v1/users/llm-config"
PREVIEW = "/v1/llm/config/preview"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _seed(configure):
    configure(SEED, LLM_ALLOWED_MODELS="llama3.*,qwen3")


def test_the_answer_has_preferences_and_what_is_effective(api):
    answer = api.get(URL)
    assert answer.status_code == 200
    assert answer.json()["preferences"] == {}
    effective = answer.json()["effective"]
    assert sorted(effective) == ALL_TYPES
    assert effective[INSIGHT]["timeout_seconds"] == 45
    assert effective[INSIGHT]["origins"]["timeout_seconds"] == {
        "layer": "task_type",
        "place": "llm.yaml:3",
    }
    assert answer.headers["ETag"].startswith('"')
    assert answer.headers["Cache-Control"] == "private, no-cache"


def test_put_states_and_replaces(api):
    document = {
        "model": "qwen3",
        "fallback_model": "",
        "timeout_seconds": 30,
        "first_token_timeout_seconds": 10,
        "max_retries": 0,
        "deadline_seconds": 300,
        "parameters": {"temperature": 0, "stop": ["END"]},
        "task_type_configs": {REPORT: {"model": "llama3.1:8b"}},
    }
    answer = api.put(URL, document)
    assert answer.status_code == 200
    assert answer.json()["preferences"] == document
    assert answer.json()["effective"][REPORT]["model"] == "llama3.1:8b"
    assert answer.json()["effective"][INSIGHT]["source"] == "user"
    assert api.put(URL, {"max_retries": 1}).json()["preferences"] == {"max_retries": 1}


def test_preferred_model_is_stored_and_answered_as_model(api):
    assert api.put(URL, {"preferred_model": "qwen3"}).json()["preferences"] == {"model": "qwen3"}
    answer = api.patch(URL, {"preferred_model": "llama3.1:8b"})
    assert answer.json()["preferences"] == {"model": "llama3.1:8b"}
    refused = api.put(URL, {"model": "qwen3", "preferred_model": "llama3.1:8b"})
    assert (refused.status_code, refused.json()["code"]) == (409, "model_stated_twice")


@pytest.fixture
def worker_has(monkeypatch):
    """Has a live worker report these models; None: it has not reported yet."""

    def report(names):
        monkeypatch.setattr("llmconfig.resolution.known_models._providers", [lambda: names])

    return report


def test_a_model_that_no_live_worker_has_is_stored_with_a_warning(api, worker_has):
    worker_has(["Qwen3:latest"])
    document = {
        "model": "qwen3",
        "fallback_model": "llama3.2:9b",
        "task_type_configs": {REPORT: {"model": "llama3.1:8b"}},
    }
    answer = api.put(URL, document)
    assert answer.status_code == 200
    assert answer.json()["preferences"] == document
    assert answer.json()["warnings"] == [
        {
            "field": "fallback_model",
            "code": "model_not_present",
            "detail": "No live worker has the model llama3.2:9b.",
        },
        {
            "field": f"task_type_configs.{REPORT}.model",
            "code": "model_not_present",
            "detail": "No live worker has the model llama3.1:8b.",
        },
    ]
    read = api.get(URL)
    assert "warnings" not in read.json()
    assert read.headers["ETag"] == answer.headers["ETag"]


def test_where_models_must_be_present_an_absent_one_is_refused(api, worker_has, settings):
    worker_has([])
    settings.LLM_REQUIRE_PRESENT_MODELS = True
    answer = api.put(URL, {"max_retries": 1, "task_type_configs": {REPORT: {"model": "qwen3"}}})
    assert (answer.status_code, answer.json()["code"]) == (409, "model_not_present")
    assert not Preference.objects.exists()
    worker_has(["qwen3:latest"])
    assert api.put(URL, {"model": "qwen3"}).json()["warnings"] == []


def test_before_a_worker_reports_its_models_none_is_absent(api, worker_has, settings):
    worker_has(None)
    settings.LLM_REQUIRE_PRESENT_MODELS = True
    assert api.put(URL, {"model": "qwen3"}).json()["warnings"] == []


def test_null_and_absent_inherit(api):
    api.put(URL, {"model": "qwen3", "task_type_configs": {INSIGHT: {"max_retries": 0}}})
    answer = api.put(URL, {"model": None, "parameters": None, "task_type_configs": {INSIGHT: None}})
    assert answer.json()["preferences"] == {}
    assert not Preference.objects.exists()


def test_patch_changes_only_what_it_names(api):
    api.put(
        URL,
        {
            "model": "qwen3",
            "max_retries": 0,
            "parameters": {"temperature": 0, "seed": 1},
            "task_type_configs": {INSIGHT: {"max_retries": 1}, REPORT: {"max_retries": 2}},
        },
    )
    answer = api.patch(
        URL,
        {
            "model": None,
            "parameters": {"seed": None, "top_p": 0.5},
            "task_type_configs": {INSIGHT: None, REPORT: {"timeout_seconds": 9}},
        },
    )
    assert answer.json()["preferences"] == {
        "max_retries": 0,
        "parameters": {"temperature": 0, "top_p": 0.5},
        "task_type_configs": {REPORT: {"max_retries": 2, "timeout_seconds": 9}},
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"nonsense": None},
        {"parameters": {"nonsense": None}},
        {"task_type_configs": {"TASK_TYPE_NONSENSE": None}},
        {"task_type_configs": {INSIGHT: {"nonsense": None}}},
    ],
)
def test_patch_removes_only_what_there_is(api, changes):
    answer = api.patch(URL, changes)
    assert answer.status_code == 400
    assert "onsense" in str(answer.json()["errors"]).lower()


def test_patch_has_a_media_type_of_its_own(api):
    answer = api.patch(
        URL, json.dumps({"max_retries": 0}), content_type="application/merge-patch+json"
    )
    assert answer.json()["preferences"] == {"max_retries": 0}


def test_delete_resets(api):
    api.put(URL, {"model": "qwen3", "task_type_configs": {INSIGHT: {"max_retries": 1}}})
    answer = api.delete(URL)
    assert (answer.status_code, answer.json()["preferences"]) == (200, {})
    assert answer.headers["ETag"] == api.get(URL).headers["ETag"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"colour": "red"}, "colour"),
        ({"model": ""}, "model"),
        ({"model": 3}, "model"),
        ({"timeout_seconds": "60s"}, "timeout_seconds"),
        ({"timeout_seconds": 301}, "timeout_seconds"),
        ({"max_retries": True}, "max_retries"),
        ({"max_retries": -1}, "max_retries"),
        ({"parameters": {"num_ctx": 1}}, "parameters"),
        ({"parameters": []}, "parameters"),
        ({"parameters": {"stop": ["\u0000"]}}, "parameters"),
        ({"task_type_configs": {"TASK_TYPE_POEM": {}}}, "task_type_configs"),
        ({"task_type_configs": {INSIGHT: {"colour": 1}}}, "task_type_configs"),
        ({"task_type_configs": []}, "task_type_configs"),
    ],
)
@pytest.mark.parametrize("method", ["put", "patch"])
def test_what_the_schema_forbids_is_400_with_the_field(method, body, field, api):
    answer = getattr(api, method)(URL, body)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "invalid"
    assert list(answer.json()["errors"]) == [field]
    assert not Preference.objects.exists()


@pytest.mark.parametrize("body", ["[]", "null", "3", '"x"'])
@pytest.mark.parametrize("method", ["put", "patch"])
def test_a_body_that_is_no_object_is_400(method, body, api):
    answer = getattr(api, method)(URL, body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"model": "phi4"}, "model_not_allowed"),
        ({"fallback_model": "phi4"}, "model_not_allowed"),
        ({"task_type_configs": {INSIGHT: {"model": "phi4"}}}, "model_not_allowed"),
        ({"model": "qwen3", "fallback_model": "qwen3:latest"}, "fallback_same_as_model"),
        (
            {"model": "qwen3", "fallback_model": "https://registry.ollama.ai/library/Qwen3:LATEST"},
            "fallback_same_as_model",
        ),
    ],
)
def test_what_is_valid_and_refused_is_409_with_a_code(body, code, api):
    answer = api.put(URL, body)
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert not Preference.objects.exists()


def test_a_name_is_answered_as_it_was_stated(api):
    answer = api.put(URL, {"model": "library/Qwen3"})
    assert answer.json()["preferences"] == {"model": "library/Qwen3"}
    assert answer.json()["effective"][INSIGHT]["model"] == "library/Qwen3"


@pytest.mark.parametrize("name", ["a:", "a//b", "a::b", "a/../b", "a b", "qwen3 "])
def test_a_text_that_is_no_name_is_shown_beside_the_rule(name, api):
    answer = api.put(URL, {"model": name})
    assert answer.status_code == 400
    [told] = answer.json()["errors"]["model"]
    assert told.startswith("accepted: a model's name such as llama3.2:3b (with")
    assert told.endswith(f"; found: {name!r}")


def test_if_match_lets_only_the_current_state_be_edited(api):
    read = api.get(URL).headers["ETag"]
    first = api.put(URL, {"max_retries": 1}, headers={"If-Match": read})
    assert first.status_code == 200
    second = api.put(URL, {"max_retries": 2}, headers={"If-Match": read})
    assert (second.status_code, second.json()["code"]) == (412, "precondition_failed")
    for method in (api.patch, api.delete):
        assert method(URL, {}, headers={"If-Match": read}).status_code == 412
    current = f'"other", {first.headers["ETag"]}'
    assert api.patch(URL, {"max_retries": 3}, headers={"If-Match": current}).status_code == 200


def test_if_match_of_anything_matches_anything(api):
    assert api.put(URL, {}, headers={"If-Match": "*"}).status_code == 200


@pytest.mark.parametrize("weak", [True, False])
def test_a_weak_or_unknown_tag_matches_nothing(weak, api):
    tag = f"W/{api.get(URL).headers['ETag']}" if weak else "nonsense"
    assert api.put(URL, {}, headers={"If-Match": tag}).status_code == 412


def test_who_has_the_current_state_gets_no_second_copy(api):
    etag = api.get(URL).headers["ETag"]
    answer = api.get(URL, headers={"If-None-Match": etag})
    assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", etag)


@pytest.mark.django_db(transaction=True)
def test_of_two_editors_at_once_one_is_told(api):
    etag = api.get(URL).headers["ETag"]
    statuses = []

    def edit(retries):
        answer = api.put(URL, {"max_retries": retries}, headers={"If-Match": etag})
        statuses.append(answer.status_code)
        connection.close()

    threads = [threading.Thread(target=edit, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 412, 412, 412]


def test_the_preview_explains(api, ada):
    row = preference_save(preference=Preference(user=ada, model="qwen3"), by=ada)
    answer = api.get(PREVIEW, {"task_type": INSIGHT})
    assert answer.status_code == 200
    body = answer.json()
    assert (body["model"], body["source"]) == ("qwen3", "user")
    assert body["origins"]["model"] == {"layer": "user", "place": f"preference {row.pk} v1"}
    assert body["shadowed"]["model"][0] == {
        "layer": "task_type",
        "place": "llm.yaml:3",
        "value": "llama3.2:3b",
    }
    assert body["skipped"] == []


@pytest.mark.parametrize(
    ("query", "code"),
    [({}, "invalid"), ({"task_type": ""}, "invalid"), ({"task_type": "X"}, "unknown_task_type")],
)
def test_the_preview_needs_a_task_type_that_exists(query, code, api):
    answer = api.get(PREVIEW, query)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_the_preview_tells_when_nothing_is_allowed(api, configure):
    configure(SEED, LLM_ALLOWED_MODELS="phi4")
    answer = api.get(PREVIEW, {"task_type": INSIGHT})
    assert (answer.status_code, answer.json()["code"]) == (409, "no_allowed_model")
    assert api.get(URL).json()["effective"][INSIGHT] is None


@pytest.mark.parametrize("url", [URL, PREVIEW])
@pytest.mark.parametrize("credentials", [{}, {"HTTP_AUTHORIZATION": "Token wrong"}])
def test_without_a_token_there_is_no_answer(url, credentials):
    client = APIClient()
    client.credentials(**credentials)
    answer = client.get(url)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Token"
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_everybody_sees_only_their_own(api, django_user_model, state):
    bob = django_user_model.objects.create_superuser("bob")
    state(user=bob, model="qwen3")
    assert api.get(URL).json()["preferences"] == {}


def test_reading_takes_two_queries_beside_the_login(api, ada, state):
    state(user=ada, max_retries=0)
    state(user=ada, task_type=INSIGHT, max_retries=0)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        api.get(URL)
    ours = [query["sql"] for query in captured if "knox" not in query["sql"]]
    assert len(ours) == 2


@pytest.mark.parametrize(
    "body",
    [
        rb'{"\ud800": 1}',
        rb'{"parameters": {"\ud800": 1}}',
        rb'{"task_type_configs": {"\ud800": {}}}',
        rb'{"model": "\ud800"}',
        rb'{"parameters": {"stop": ["\ud800"]}}',
    ],
)
def test_half_a_character_is_refused_like_any_other_mistake(body, api):
    answer = api.put(URL, body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_an_option_that_reloads_a_model_is_told_where_it_belongs(api):
    answer = api.put(URL, {"parameters": {"context_window": 8192}})
    assert answer.status_code == 400
    (told,) = answer.json()["errors"]["parameters"]["context_window"]
    assert told.startswith("belongs to a model, because it makes the model load again")
    answer = api.put(URL, {"task_type_configs": {INSIGHT: {"temperature": 0}}})
    assert answer.json()["errors"]["task_type_configs"][INSIGHT] == {
        "temperature": ["belongs under parameters"]
    }


def test_zero_is_a_value_over_the_api_too(api):
    document = {"max_retries": 0, "parameters": {"temperature": 0, "seed": 0}}
    body = api.put(URL, document).json()
    assert body["preferences"] == document
    effective = body["effective"][INSIGHT]
    assert (effective["max_retries"], effective["parameters"]) == (
        0,
        {"temperature": 0, "seed": 0},
    )
