"""Whose decision may be previewed by whom."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.llmconfig.api.scopes import client, permit
from tests.llmconfig.conftest import ALL_TYPES, INSIGHT

URL = "/v1/llm/config/preview"
pytestmark = pytest.mark.django_db


def preview(caller, **query):
    return client(caller).get(URL, {"task_type": INSIGHT, **query})


@pytest.fixture(autouse=True)
def _bobs(world, state):
    state(user=world.bob, model="qwen3")


def test_staff_see_what_any_user_would_get(world):
    permit(world.ada)
    answer = preview(world.ada, user=world.bob.pk)
    assert (answer.json()["model"], answer.json()["source"]) == ("qwen3", "user")
    assert answer.json() == preview(world.bob).json()
    assert preview(world.ada).json()["source"] == "task_type"


def test_everybody_may_name_themselves(world):
    assert preview(world.bob, user=world.bob.pk).json() == preview(world.bob).json()


@pytest.mark.parametrize("task_type", [INSIGHT, "X", ""])
def test_another_user_does_not_exist_for_who_is_not_staff(task_type, world):
    known = preview(world.ada, user=world.bob.pk, task_type=task_type)
    unknown = preview(world.ada, user=999_999, task_type=task_type)
    assert (known.status_code, known.json()["code"]) == (404, "not_found")
    assert known.json() == unknown.json()


@pytest.mark.parametrize("user", ["999999", "0", "x", "", "-1", "\0", "9" * 30])
def test_who_does_not_exist_is_404_for_staff(user, world):
    permit(world.ada)
    answer = preview(world.ada, user=user)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("rows", [0, 1, 4])
@pytest.mark.parametrize(("named", "queries"), [(False, 1), (True, 2)])
def test_a_preview_takes_as_many_queries_however_many_rows_there_are(
    named, queries, rows, world, state
):
    permit(world.ada)
    for task_type in ALL_TYPES[:rows]:
        state(user=world.bob, task_type=task_type, max_retries=0)
    api = client(world.ada)
    with CaptureQueriesContext(connection) as captured:
        api.get(URL, {"task_type": INSIGHT, **({"user": world.bob.pk} if named else {})})
    # Which models are loaded is read by a process every few seconds, whoever asks.
    beside = ("knox", "workers_workernode")
    own = [each for each in captured if not any(word in each["sql"] for word in beside)]
    assert len(own) == queries
