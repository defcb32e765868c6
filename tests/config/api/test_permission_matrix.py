"""Every operation of the API, called by everybody; and two users who look for each other's things.

The operations come from the description: one without a row fails here.
"""

import json

import pytest

from tests.config.api.matrix import PEOPLE, ROWS, World
from tests.config.api.openapi import operations
from tests.llmconfig.conftest import SEED

pytestmark = pytest.mark.django_db
OPERATIONS = {operation.id: operation for operation in operations()}


@pytest.fixture
def world(settings, tmp_path, django_user_model) -> World:
    settings.LLM_CONFIG_FILE = tmp_path / "llm.yaml"
    settings.LLM_CONFIG_FILE.write_text(SEED)
    settings.LLM_ENVIRON = {}
    return World(django_user_model.objects)


def test_every_operation_has_a_row_and_every_row_an_operation():
    missing, left_over = OPERATIONS.keys() - ROWS.keys(), ROWS.keys() - OPERATIONS.keys()
    assert not missing, f"say in tests/config/api/matrix.py who may call {sorted(missing)}"
    assert not left_over, f"rows of no operation: {sorted(left_over)}"


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("name", sorted(OPERATIONS.keys() & ROWS.keys()))
def test_who_may_call_it(world, name, who):
    answer = world.call(who, OPERATIONS[name])
    assert answer.status_code == getattr(ROWS[name], who), answer.content
    assert str(answer.status_code) in OPERATIONS[name].told["responses"]


def test_what_is_refused_tells_nothing_of_the_object(world):
    for name, operation in OPERATIONS.items():
        if "{" not in operation.path or name not in ROWS or ROWS[name].other != 404:
            continue
        answer = world.call("other", operation)
        told = json.dumps(answer.json())
        assert "owner" not in told
        assert "Say hello" not in told
        assert "Hi." not in told


def test_another_users_thing_is_refused_as_what_does_not_exist(world):
    nobody = {"task_id": "7f2c1f0e-4f6b-4c39-9d0e-3b1f6a2d5c11", "user_id": "999999999"}
    for name, operation in OPERATIONS.items():
        named = [key for key in nobody if f"{{{key}}}" in operation.path]
        if not named or name not in ROWS or ROWS[name].other != 404:
            continue
        theirs = world.call("other", operation)
        path = operation.path.format(**nobody)
        none = getattr(world.client("other"), operation.method)(path, {})
        assert (theirs.status_code, theirs.json()) == (none.status_code, none.json()), name


def test_lists_hold_ones_own_things_alone(world):
    for name, operation in OPERATIONS.items():
        if operation.method != "get" or "{" in operation.path or name == "list_task_types":
            continue
        told = world.call("other", operation).content.decode()
        for thing in (world.run, world.open_run, world.report):
            assert str(thing.pk) not in told, name
