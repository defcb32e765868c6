"""A document states again what one of its rows stated."""

import pytest

from llmconfig.models import Preference, Tier
from llmconfig.values import task_types
from llmconfig.values.errors import LLMConfigError
from tests.llmconfig.api.scopes import OWNED, SCOPES, SHARED, client, permit
from tests.llmconfig.conftest import INSIGHT, REPORT, SEED
from tests.llmconfig.history.threads import at_once

pytestmark = pytest.mark.django_db
each_scope = pytest.mark.parametrize("scope", SCOPES)


def history(api, world, scope):
    return api.get(world.url(scope, "/history")).json()["results"]


def version(entry):
    return {"preference": entry["preference"], "version": entry["version"]}


def back(api, world, scope, entry, **options):
    return api.post(world.url(scope, "/rollback"), version(entry), **options)


@each_scope
def test_a_version_is_stated_again_and_the_return_is_recorded(scope, world, editor):
    url = world.url(scope)
    document = {"model": "qwen3", "parameters": {"seed": 1}}
    editor.put(url, document)
    editor.put(url, {"max_retries": 1})
    first = history(editor, world, scope)[1]
    answer = editor.post(world.url(scope, "/rollback?reason=too+slow"), version(first))
    assert answer.status_code == 200
    assert answer.json() == {**editor.get(url).json(), "warnings": []}
    assert answer.json()["preferences"] == document
    assert answer.headers["ETag"] == editor.get(url).headers["ETag"]
    entry = history(editor, world, scope)[0]
    assert (entry["kind"], entry["version"], entry["by"]) == ("changed", 3, "ada")
    assert entry["reason"] == f"rollback to preference {first['preference']} v1: too slow"


@each_scope
def test_what_was_deleted_returns_under_its_number(scope, world, editor):
    editor.put(world.url(scope), {"max_retries": 1})
    editor.delete(world.url(scope))
    created = history(editor, world, scope)[1]
    assert back(editor, world, scope, created).json()["preferences"] == {"max_retries": 1}
    entry = history(editor, world, scope)[0]
    assert (entry["kind"], entry["preference"], entry["version"]) == (
        "returned",
        created["preference"],
        3,
    )


@each_scope
def test_what_was_stated_anew_meanwhile_gives_way(scope, world, editor):
    editor.put(world.url(scope), {"max_retries": 1})
    editor.delete(world.url(scope))
    editor.put(world.url(scope), {"max_retries": 2})
    newer, _, older = history(editor, world, scope)
    assert newer["preference"] != older["preference"]
    assert back(editor, world, scope, older).json()["preferences"] == {"max_retries": 1}
    assert back(editor, world, scope, newer).json()["preferences"] == {"max_retries": 2}
    assert Preference.objects.count() == 1


@pytest.mark.parametrize("scope", OWNED)
def test_other_task_types_stay_as_they_are(scope, world, editor):
    configs = {INSIGHT: {"max_retries": 1}, REPORT: {"max_retries": 1}}
    editor.put(world.url(scope), {"task_type_configs": configs})
    configs = {INSIGHT: {"max_retries": 2}, REPORT: {"max_retries": 2}}
    editor.put(world.url(scope), {"task_type_configs": configs})
    (first,) = (
        entry
        for entry in history(editor, world, scope)
        if (entry["task_type"], entry["version"]) == (INSIGHT, 1)
    )
    assert back(editor, world, scope, first).json()["preferences"]["task_type_configs"] == {
        INSIGHT: {"max_retries": 1},
        REPORT: {"max_retries": 2},
    }


def test_where_it_is_so_already_nothing_is_written(world, editor):
    editor.put(world.url("own"), {"max_retries": 1})
    (entry,) = history(editor, world, "own")
    assert back(editor, world, "own", entry).status_code == 200
    assert history(editor, world, "own") == [entry]


# Refusals


@each_scope
@pytest.mark.parametrize("other", SCOPES)
def test_a_row_of_another_document_is_unknown(scope, other, world, editor):
    if scope == other:
        return
    editor.put(world.url(other), {"max_retries": 1})
    editor.put(world.url(other), {"max_retries": 2})
    before = Preference.objects.values_list("version", "max_retries").get()
    answer = back(editor, world, scope, history(editor, world, other)[1])
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_version")
    assert Preference.objects.values_list("version", "max_retries").get() == before


def test_a_row_that_was_given_away_does_not_come_back(world, editor, state):
    row = state(user=world.bob, max_retries=1)
    row.user = world.ada
    row.save()
    for api, version in ((client(world.bob), 1), (editor, 1)):
        body = {"preference": str(row.pk), "version": version}
        answer = api.post(world.url("own", "/rollback"), body)
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_version")


@pytest.mark.parametrize(
    "wrong",
    [{"version": 9}, {"version": 0}, {"version": 2**31 - 1}, {"preference": "9" * 18}],
)
def test_a_version_that_never_was_is_unknown(wrong, world, editor):
    editor.put(world.url("own"), {"max_retries": 1})
    (entry,) = history(editor, world, "own")
    answer = editor.post(world.url("own", "/rollback"), {**version(entry), **wrong})
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_version")


def test_there_is_no_return_to_a_deletion(world, editor):
    editor.put(world.url("own"), {"max_retries": 1})
    editor.delete(world.url("own"))
    answer = back(editor, world, "own", history(editor, world, "own")[0])
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_version")


@each_scope
def test_a_model_that_is_not_allowed_any_more_does_not_return(scope, world, editor, configure):
    editor.put(world.url(scope), {"model": "qwen3"})
    editor.put(world.url(scope), {"max_retries": 1})
    configure(SEED, LLM_ALLOWED_MODELS="llama3.*")
    answer = back(editor, world, scope, history(editor, world, scope)[1])
    assert (answer.status_code, answer.json()["code"]) == (409, "model_not_allowed")
    assert editor.get(world.url(scope)).json()["preferences"] == {"max_retries": 1}


def test_a_model_that_no_tier_of_the_user_allows_any_more_does_not_return(world, editor):
    editor.put(world.url("user"), {"model": "qwen3"})
    editor.delete(world.url("user"))
    Tier.objects.update(allowed_models=["llama3.*"])
    world.bob.groups.add(world.premium)
    answer = back(editor, world, "user", history(editor, world, "user")[1])
    assert (answer.status_code, answer.json()["code"]) == (409, "model_not_allowed")


def test_what_is_not_valid_any_more_is_a_conflict_and_no_mistake_of_the_request(
    world, editor, state, monkeypatch
):
    registry = dict(task_types._registry)
    monkeypatch.setattr(task_types, "_registry", {**registry, "TASK_TYPE_GONE": {}})
    configs = {"TASK_TYPE_GONE": {"max_retries": 1}}
    editor.put(world.url("own"), {"task_type_configs": configs})
    editor.delete(world.url("own"))
    monkeypatch.setattr(task_types, "_registry", registry)
    answer = back(editor, world, "own", history(editor, world, "own")[1])
    assert (answer.status_code, answer.json()["code"]) == (409, "rollback_refused")
    assert "TASK_TYPE_GONE" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["preference", "version"]),
        ({"preference": "1"}, ["version"]),
        ({"preference": 1, "version": 1}, ["preference"]),
        ({"preference": "x", "version": 1}, ["preference"]),
        ({"preference": "1\n", "version": 1}, ["preference"]),
        ({"preference": "9" * 19, "version": 1}, ["preference"]),
        ({"preference": "1", "version": "1"}, ["version"]),
        ({"preference": "1", "version": True}, ["version"]),
        ({"preference": "1", "version": -1}, ["version"]),
        ({"preference": "1", "version": 2**31}, ["version"]),
        ({"preference": "1", "version": 1, "at": "now"}, ["at"]),
    ],
)
def test_what_the_schema_forbids_is_400_with_the_field(body, fields, world, editor):
    answer = editor.post(world.url("own", "/rollback"), body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert sorted(answer.json()["errors"]) == sorted(fields)


@pytest.mark.parametrize("body", ["[]", "null", "3"])
def test_a_body_that_is_no_object_is_400(body, world, editor):
    url = world.url("own", "/rollback")
    answer = editor.post(url, body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


@each_scope
def test_only_from_the_current_state_where_it_is_named(scope, world, editor):
    url = world.url(scope)
    read = editor.put(url, {"max_retries": 1}).headers["ETag"]
    now = editor.put(url, {"max_retries": 2}).headers["ETag"]
    first = history(editor, world, scope)[1]
    answer = back(editor, world, scope, first, headers={"If-Match": read})
    assert (answer.status_code, answer.json()["code"]) == (412, "precondition_failed")
    assert back(editor, world, scope, first, headers={"If-Match": now}).status_code == 200


@pytest.mark.django_db(transaction=True)
@each_scope
def test_rollbacks_and_edits_of_one_state_at_once_end_with_one(scope, world, editor):
    url = world.url(scope)
    editor.put(url, {"max_retries": 1})
    editor.delete(url)
    now = {"If-Match": editor.put(url, {"max_retries": 2}).headers["ETag"]}
    first = history(editor, world, scope)[2]
    answers = at_once(
        lambda: back(editor, world, scope, first, headers=now),
        lambda: editor.put(url, {"max_retries": 3}, headers=now),
        lambda: back(editor, world, scope, first, headers=now),
        lambda: editor.delete(url, headers=now),
    )
    assert not [each for each in answers if isinstance(each, LLMConfigError)]
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]


# Access


def test_another_user_s_rollback_does_not_exist_for_who_is_not_staff(world):
    answer = client(world.ada).post(world.url("user", "/rollback"), {})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("scope", ["user", *SHARED])
@pytest.mark.parametrize(
    ("actions", "status"),
    [((), 403), (("change",), 403), (("add", "change"), 403), (("add", "change", "delete"), 404)],
)
def test_staff_return_what_the_admin_lets_them(scope, actions, status, world):
    permit(world.ada, *actions)
    body = {"preference": "1", "version": 1}
    assert client(world.ada).post(world.url(scope, "/rollback"), body).status_code == status


def test_everybody_returns_their_own(world):
    bob = client(world.bob)
    for number in (1, 2):
        bob.put(world.url("own"), {"max_retries": number})
    answer = back(bob, world, "own", history(bob, world, "own")[1])
    assert answer.json()["preferences"] == {"max_retries": 1}
