"""The documents of users, tiers, task types and everyone: one set of rules for all of them."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from llmconfig.history.entries import preference_history
from llmconfig.models import Preference, Tier
from tests.llmconfig.api.scopes import OWNED, SCOPES
from tests.llmconfig.conftest import ALL_TYPES, INSIGHT, REPORT
from tests.llmconfig.history.threads import at_once

pytestmark = pytest.mark.django_db
each_scope = pytest.mark.parametrize("scope", SCOPES)


@each_scope
def test_an_untouched_document_is_empty_and_what_is_effective_has_origins(scope, world, editor):
    answer = editor.get(world.url(scope))
    assert answer.status_code == 200
    assert answer.json()["preferences"] == {}
    effective = answer.json()["effective"]
    assert sorted(effective) == ([INSIGHT] if scope == "task type" else ALL_TYPES)
    assert effective[INSIGHT]["origins"]["timeout_seconds"] == {
        "layer": "task_type",
        "place": "llm.yaml:3",
    }
    assert answer.headers["ETag"].startswith('"')
    assert answer.headers["Cache-Control"] == "private, no-cache"


@each_scope
def test_put_replaces_patch_merges_and_delete_resets(scope, world, editor):
    url = world.url(scope)
    document = {"model": "qwen3", "max_retries": 0, "parameters": {"temperature": 0, "seed": 1}}
    assert editor.put(url, document).json()["preferences"] == document
    patched = editor.patch(url, {"model": None, "parameters": {"seed": None}, "timeout_seconds": 9})
    assert patched.json()["preferences"] == {
        "max_retries": 0,
        "timeout_seconds": 9,
        "parameters": {"temperature": 0},
    }
    assert editor.put(url, {"max_retries": 1}).json()["preferences"] == {"max_retries": 1}
    assert editor.delete(url).json()["preferences"] == {}
    assert not Preference.objects.exists()


@each_scope
def test_one_row_of_the_scope_is_written_and_its_author_is_recorded(scope, world, editor):
    editor.put(world.url(scope), {"max_retries": 0})
    row = Preference.objects.get()
    assert Preference.objects.filter(**world.columns(scope)).exists()
    assert (row.version, row.updated_by) == (1, world.ada)
    (entry,) = preference_history()
    assert (entry.by, entry.source, entry.reason) == ("ada", "api", None)


@each_scope
@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_a_reason_is_recorded_with_each_change(scope, method, world, editor):
    editor.put(world.url(scope), {"max_retries": 0})
    getattr(editor, method)(f"{world.url(scope)}?reason=too+slow", {"max_retries": 1})
    assert preference_history()[0].reason == "too slow"


@each_scope
@pytest.mark.parametrize(
    ("reason", "status", "code"),
    [
        ("a%0Ab", 409, "reason_not_printable"),
        ("%00", 409, "reason_not_printable"),
        ("x" * 101, 400, "invalid"),
        ("+" * 101, 400, "invalid"),
    ],
)
def test_a_reason_that_is_no_line_is_refused_and_nothing_is_stored(
    scope, reason, status, code, world, editor
):
    answer = editor.put(f"{world.url(scope)}?reason={reason}", {"max_retries": 1})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert list(answer.json()["errors"]) == ["reason"]
    assert not Preference.objects.exists()


@each_scope
def test_texts_of_too_many_bytes_are_409_because_no_schema_tells(scope, world, editor):
    stop = ["🛑" * 30] * 2
    answer = editor.put(world.url(scope), {"parameters": {"stop": stop}})
    assert (answer.status_code, answer.json()["code"]) == (409, "too_large")
    assert "400 bytes" in str(answer.json()["errors"]["parameters"]["stop"])
    answer = editor.put(world.url(scope), {"parameters": {"stop": stop, "seed": "x"}})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


@pytest.mark.parametrize("scope", OWNED)
def test_users_and_tiers_also_state_for_single_task_types(scope, world, editor):
    document = {"max_retries": 1, "task_type_configs": {REPORT: {"model": "llama3.1:8b"}}}
    answer = editor.put(world.url(scope), document)
    assert answer.json()["preferences"] == document
    assert answer.json()["effective"][REPORT]["model"] == "llama3.1:8b"
    assert Preference.objects.count() == 2


@pytest.mark.parametrize("scope", ["task type", "system"])
def test_task_types_and_everyone_have_the_fields_alone(scope, world, editor):
    answer = editor.put(world.url(scope), {"task_type_configs": {REPORT: {}}})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["task_type_configs"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"colour": "red"}, "colour"),
        ({"model": ""}, "model"),
        ({"timeout_seconds": 301}, "timeout_seconds"),
        ({"max_retries": True}, "max_retries"),
        ({"parameters": {"num_ctx": 1}}, "parameters"),
    ],
)
@pytest.mark.parametrize("method", ["put", "patch"])
@each_scope
def test_what_the_schema_forbids_is_400_with_the_field(scope, method, body, field, world, editor):
    answer = getattr(editor, method)(world.url(scope), body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert list(answer.json()["errors"]) == [field]
    assert not Preference.objects.exists()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"model": "phi4"}, "model_not_allowed"),
        ({"fallback_model": "phi4"}, "model_not_allowed"),
        ({"model": "qwen3", "fallback_model": "qwen3:latest"}, "fallback_same_as_model"),
    ],
)
@each_scope
def test_what_is_valid_and_refused_is_409_with_a_code(scope, body, code, world, editor):
    answer = editor.put(world.url(scope), body)
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert not Preference.objects.exists()


def test_staff_give_a_user_no_model_that_the_user_s_tiers_do_not_allow(world, editor):
    Tier.objects.update(allowed_models=["llama3.*"])
    world.bob.groups.add(world.premium)
    answer = editor.put(world.url("user"), {"model": "qwen3"})
    assert (answer.status_code, answer.json()["code"]) == (409, "model_not_allowed")
    assert editor.put(world.url("own"), {"model": "qwen3"}).status_code == 200


@each_scope
def test_only_the_current_state_can_be_edited(scope, world, editor):
    url = world.url(scope)
    read = editor.get(url).headers["ETag"]
    first = editor.put(url, {"max_retries": 1}, headers={"If-Match": read})
    assert first.status_code == 200
    for method in (editor.put, editor.patch, editor.delete):
        answer = method(url, {}, headers={"If-Match": read})
        assert (answer.status_code, answer.json()["code"]) == (412, "precondition_failed")
    now = first.headers["ETag"]
    assert editor.put(url, {}, headers={"If-None-Match": now}).status_code == 412
    assert editor.put(url, {}, headers={"If-None-Match": read}).status_code == 200


@each_scope
@pytest.mark.parametrize("tag", ["{}", "W/{}", '"other", {}', "*"])
def test_who_has_the_current_state_gets_no_second_copy(scope, tag, world, editor):
    url = world.url(scope)
    etag = editor.get(url).headers["ETag"]
    answer = editor.get(url, headers={"If-None-Match": tag.format(etag)})
    assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", etag)
    assert answer.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.django_db(transaction=True)
@each_scope
def test_of_many_who_edit_one_state_at_once_one_succeeds(scope, world, editor):
    url = world.url(scope)
    headers = {"If-Match": editor.get(url).headers["ETag"]}
    answers = at_once(
        *(lambda n=n: editor.put(url, {"max_retries": n}, headers=headers) for n in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]


@pytest.mark.django_db(transaction=True)
@each_scope
def test_without_if_match_edits_come_one_after_the_other(scope, world, editor):
    url = world.url(scope)
    answers = at_once(*(lambda n=n: editor.put(url, {"max_retries": n}) for n in range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert Preference.objects.get().version == 4


# Tiers


def test_a_tier_tells_its_rank_and_list_and_takes_neither(world, editor):
    Tier.objects.update(allowed_models=["qwen3"])
    answer = editor.get(world.url("tier"))
    assert answer.json()["tier"] == {"name": "premium", "rank": 20, "allowed_models": ["qwen3"]}
    refused = editor.put(world.url("tier"), {"tier": {"rank": 1}})
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["tier"])


def test_a_group_without_a_rank_is_told_so(world, editor):
    Tier.objects.all().delete()
    assert editor.get(world.url("tier")).json()["tier"]["rank"] is None


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("big spenders", "big%20spenders"),
        ("a/b", "a%2Fb"),
        ("a/b", "a/b"),
        ("a/llm-config", "a%2Fllm-config"),
        ("llm-config/history", "llm-config%2Fhistory"),
        ("Ärzte & Söhne?", "%C3%84rzte%20%26%20S%C3%B6hne%3F"),
        ("100%", "100%25"),
        ("x" * 150, "x" * 150),
    ],
)
def test_a_tier_may_have_any_name(name, address, world, editor):
    world.premium.name = name
    world.premium.save()
    answer = editor.put(f"/v1/tiers/{address}/llm-config", {"max_retries": 1})
    assert answer.json()["tier"]["name"] == name
    assert Preference.objects.get().group == world.premium


@pytest.mark.parametrize(
    "address",
    [
        "tiers/gold",
        "tiers/%00",
        "tiers/PREMIUM",
        "task-types/TASK_TYPE_POEM",
        "task-types/a%2Fb",
        "users/999999",
        "users/0",
        "users/-1",
        "users/ada",
        "users/%00",
        "users/%D9%A1",
        "users/99999999999999999999999999",
    ],
)
@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_what_does_not_exist_is_404(address, method, world, editor):
    answer = getattr(editor, method)(f"/v1/{address}/llm-config", {})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer.headers["Content-Type"] == "application/problem+json"


# Figures


@pytest.mark.parametrize(
    ("scope", "reads"), [("own", 2), ("user", 3), ("tier", 5), ("task type", 2), ("system", 2)]
)
@pytest.mark.parametrize("rows", [0, 1, 4])
def test_reading_takes_as_many_queries_however_many_rows_there_are(
    scope, reads, rows, world, editor, state
):
    columns = world.columns(scope)
    for task_type in ALL_TYPES[:rows]:
        state(**{**columns, "task_type": task_type}, max_retries=0)
    with CaptureQueriesContext(connection) as captured:
        editor.get(world.url(scope))
    ours = [query["sql"] for query in captured if "knox" not in query["sql"]]
    assert len(ours) == reads


@pytest.mark.parametrize("scope", OWNED)
def test_a_write_takes_as_many_queries_however_many_rows_stay_as_they_are(scope, world, editor):
    configs = {name: {"max_retries": 1} for name in ALL_TYPES}
    counts = []
    for stored in ({}, configs):
        editor.put(world.url(scope), {"max_retries": 1, "task_type_configs": stored})
        with CaptureQueriesContext(connection) as captured:
            editor.patch(world.url(scope), {"max_retries": 2})
        counts.append(len(captured))
    assert counts[0] == counts[1]


@each_scope
def test_a_whole_number_may_be_written_with_a_point(scope, world, editor):
    body = b'{"max_retries": 2.0, "timeout_seconds": 9e0, "parameters": {"seed": 0.0, "top_p": 1}}'
    answer = editor.put(world.url(scope), body, content_type="application/json")
    assert answer.json()["preferences"] == {
        "max_retries": 2,
        "timeout_seconds": 9,
        "parameters": {"seed": 0, "top_p": 1.0},
    }
    answer = editor.patch(
        world.url(scope), b'{"max_retries": 2.5}', content_type="application/json"
    )
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["max_retries"])


# Limits


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"model": "' + b"x" * 64 * 1024 + b'"}', 413, "body_too_large"),
        (json.dumps({f"k{n}": n for n in range(2001)}).encode(), 400, "parse_error"),
        (json.dumps({"parameters": {"stop": ["x"] * 2000}}).encode(), 400, "parse_error"),
        (b'{"a": ' * 32 + b"1" + b"}" * 32, 400, "parse_error"),
        (json.dumps({"parameters": {"stop": ["x"] * 1998}}).encode(), 400, "invalid"),
        (b'{"a": ' * 31 + b"1" + b"}" * 31, 400, "invalid"),
    ],
    ids=["bytes", "members", "members of a list", "levels", "as many members", "as many levels"],
)
@pytest.mark.parametrize("content_type", ["application/json", "application/merge-patch+json"])
def test_a_document_has_limits(body, status, code, content_type, world, editor):
    answer = editor.patch(world.url("system"), body, content_type=content_type)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
