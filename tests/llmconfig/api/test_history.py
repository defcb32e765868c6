"""The history of a document: who changed what, told as far as the caller may know."""

import base64
from datetime import datetime
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from llmconfig.models import Preference
from llmconfig.store import services
from llmconfig.store.scopes import Scope
from tests.llmconfig.api.scopes import SCOPES, SHARED, client, permit
from tests.llmconfig.conftest import ALL_TYPES, INSIGHT

pytestmark = pytest.mark.django_db
each_scope = pytest.mark.parametrize("scope", SCOPES)


def entries(api, url, **query):
    answer = api.get(f"{url}?{urlencode(query)}")
    assert answer.status_code == 200
    return answer.json()["results"]


@each_scope
def test_each_change_is_told_with_what_it_changed(scope, world, editor):
    url = world.url(scope)
    editor.put(f"{url}?reason=try+it", {"model": "qwen3", "parameters": {"seed": 1}})
    editor.patch(url, {"max_retries": 0, "parameters": {"seed": 2}})
    editor.delete(url)
    deleted, changed, created = entries(editor, world.url(scope, "/history"))
    row_id, at = created.pop("preference"), created.pop("at")
    assert datetime.fromisoformat(at).tzinfo is not None
    assert created == {
        "version": 1,
        "task_type": INSIGHT if scope == "task type" else None,
        "kind": "created",
        "by": "ada",
        "source": "api",
        "reason": "try it",
        "changes": [
            {"field": "model", "old": None, "new": "qwen3"},
            {"field": "parameters.seed", "old": None, "new": 1},
        ],
        "preferences": {"model": "qwen3", "parameters": {"seed": 1}},
    }
    assert (changed["kind"], changed["preference"], changed["version"]) == ("changed", row_id, 2)
    assert changed["changes"] == [
        {"field": "max_retries", "old": None, "new": 0},
        {"field": "parameters.seed", "old": 1, "new": 2},
    ]
    assert (deleted["kind"], deleted["version"]) == ("deleted", 3)
    assert deleted["changes"][0] == {"field": "model", "old": "qwen3", "new": None}


@each_scope
def test_the_history_is_that_of_the_scope_alone(scope, world, editor):
    for other in SCOPES:
        editor.put(world.url(other), {"timeout_seconds": 1 + SCOPES.index(other)})
    (entry,) = entries(editor, world.url(scope, "/history"))
    assert entry["preferences"] == {"timeout_seconds": 1 + SCOPES.index(scope)}


def test_a_user_learns_that_staff_did_it_and_staff_learn_who(world, editor):
    bob = client(world.bob)
    bob.put(world.url("own"), {"max_retries": 1})
    editor.put(world.url("user"), {"max_retries": 2})
    services.preferences_reset(scope=Scope(user_id=world.bob.pk), by=None)
    told = [entry["by"] for entry in entries(bob, world.url("own", "/history"))]
    assert told == [None, "staff", "bob"]
    told = [entry["by"] for entry in entries(editor, world.url("user", "/history"))]
    assert told == [None, "ada", "bob"]


def test_a_row_that_was_somebody_else_s_tells_nothing_of_them(world, editor, state):
    row = state(user=world.ada, model="secret:1")
    row.user = world.bob
    row.max_retries = 1
    row.save()
    (entry,) = entries(client(world.bob), world.url("own", "/history"))
    assert "user_id" not in str(entry)
    assert {"field": "model", "old": None, "new": "secret:1"} in entry["changes"]


def test_pages_follow_each_other_without_gap_or_overlap_while_changes_come(world, editor):
    url = world.url("own")
    for number in range(1, 8):
        editor.put(url, {"timeout_seconds": number})
    page = editor.get(f"{url}/history?limit=3").json()
    found = page["results"]
    while page["next"]:
        editor.patch(url, {"max_retries": len(found)})
        page = editor.get(page["next"]).json()
        found += page["results"]
    assert [entry["preferences"]["timeout_seconds"] for entry in found] == [7, 6, 5, 4, 3, 2, 1]
    assert [entry["version"] for entry in found] == [7, 6, 5, 4, 3, 2, 1]
    assert editor.get(page["previous"]).json()["results"] == found[3:6]


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "%00",
        *(base64.b64encode(t).decode() for t in (b"p=x", b"p=-1", b"p=1e3", b"p=" + b"9" * 5000)),
    ],
)
def test_a_cursor_that_no_page_gave_is_404(cursor, world, editor):
    answer = editor.get(world.url("own", "/history"), {"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "1.5", "", "%00", "%C2%B2", "9" * 5000])
def test_a_limit_out_of_bounds_is_400(limit, world, editor):
    answer = editor.get(world.url("own", f"/history?limit={limit}"))
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["limit"])


@each_scope
@pytest.mark.parametrize("limit", [1, 2, 100])
def test_a_page_takes_as_many_queries_however_long_it_is(scope, limit, world, editor):
    url = world.url(scope)
    for number in range(1, 6):
        editor.put(url, {"timeout_seconds": number})
    with CaptureQueriesContext(connection) as captured:
        editor.get(f"{url}/history?limit={limit}")
    ours = [query["sql"] for query in captured if "knox" not in query["sql"]]
    lookups = {"user": 1, "tier": 1}.get(scope, 0)
    # The page, what was before, authors and owners, groups.
    names = {"tier": 4}.get(scope, 3)
    assert len(ours) == lookups + names


def test_entries_of_types_that_are_gone_are_told(world, editor, state):
    state(user=world.ada, task_type="TASK_TYPE_GONE", max_retries=0)
    (entry,) = entries(editor, world.url("own", "/history"))
    assert entry["task_type"] == "TASK_TYPE_GONE"


def test_one_document_of_several_rows_has_one_moment(world, editor):
    configs = {name: {"max_retries": 1} for name in ALL_TYPES}
    editor.put(world.url("own"), {"task_type_configs": configs})
    told = entries(editor, world.url("own", "/history"))
    assert sorted(entry["task_type"] for entry in told) == ALL_TYPES
    assert len({entry["at"] for entry in told}) == 1
    assert Preference.objects.count() == 4


# Access


def test_another_user_s_history_does_not_exist_for_who_is_not_staff(world):
    answer = client(world.ada).get(world.url("user", "/history"))
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("scope", SHARED)
def test_shared_histories_are_for_staff(scope, world):
    assert client(world.ada).get(world.url(scope, "/history")).status_code == 403
    permit(world.ada)
    assert entries(client(world.ada), world.url(scope, "/history")) == []


def test_everybody_reads_their_own_by_their_number(world):
    bob = client(world.bob)
    bob.put(world.url("own"), {"max_retries": 1})
    assert entries(bob, world.url("user", "/history")) == entries(bob, world.url("own", "/history"))
