"""Every configured model with its place, without what its own scope overrides."""

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from llmconfig.resolution.stated_models import (
    models_stated,
    models_stated_static,
    unregistered_rows,
    users_stating,
)
from tests.llmconfig.conftest import INSIGHT, REPORT, TEXT

pytestmark = pytest.mark.django_db


def told(stated):
    """(model, field, where) of everything but the built-in values."""
    return sorted(
        (each.model, each.field, each.place or f"{each.users} users")
        for each in stated
        if each.place != "built-in"
    )


def test_what_nobody_states_is_built_in(configure):
    configure()
    assert {(each.model, each.place) for each in models_stated()} == {
        ("llama3.2:3b", "built-in"),
        ("llama3.2:1b", "built-in"),
    }


def test_the_strongest_place_of_each_scope_is_told(configure, state):
    configure(
        "default: {model: 'file:1', fallback_model: 'file:2'}\n"
        f"task_types: {{{REPORT}: {{model: 'file:3'}}}}\n"
        "user_preferences: {premium_model: 'file:4'}\n",
        LLM_DEFAULT_MODEL="variable:1",
    )
    row = state(task_type=REPORT, fallback_model="row:1")
    assert told(models_stated()) == [
        ("file:2", "fallback_model", "llm.yaml:1"),
        ("file:3", "model", "llm.yaml:2"),
        ("file:4", "model", "llm.yaml:3"),
        ("row:1", "fallback_model", row.place),
        ("variable:1", "model", "LLM_DEFAULT_MODEL"),
    ]


def test_a_system_row_overrides_file_and_variable(configure, state):
    configure(LLM_DEFAULT_MODEL="variable:1", LLM_FALLBACK_MODEL="variable:2")
    row = state(model="row:1", fallback_model="")
    assert told(models_stated()) == [("row:1", "model", row.place)]


def test_a_tier_states_for_all_types_and_for_one(configure, state, premium):
    configure("user_preferences: {premium_model: 'file:4', standard_model: 'file:5'}")
    basic = Group.objects.create(name="basic")
    for_all = state(group=premium, model="row:1")
    for_one = state(group=premium, task_type=TEXT, model="row:2")
    state(group=basic, model="row:3")
    stated = {each.model: each for each in models_stated() if each.layer == "tier"}
    assert stated.keys() == {"file:5", "row:1", "row:2", "row:3"}
    assert (stated["row:1"].tier, stated["row:1"].place) == ("premium", for_all.place)
    assert (stated["row:2"].task_types, stated["row:2"].place) == ((TEXT,), for_one.place)


def test_users_are_counted_by_model(configure, state):
    configure()
    people = [get_user_model().objects.create_user(f"user{n}") for n in range(4)]
    for person in people:
        state(user=person, model="users:1")
    state(user=people[0], task_type=INSIGHT, model="users:1")
    state(user=people[1], task_type=INSIGHT, model="users:2", fallback_model="users:1")
    stated = {(e.model, e.field): e for e in models_stated() if e.users}
    assert stated["users:1", "model"].users == 4
    assert stated["users:1", "model"].task_types is None
    assert stated["users:1", "fallback_model"].users == 1
    assert stated["users:2", "model"].task_types == (INSIGHT,)
    assert users_stating("users:1", limit=2) == ["user0", "user1"]


def test_users_of_all_spellings_are_users_of_one_model(configure, state, ada):
    configure(LLM_DEFAULT_MODEL="variable:1", LLM_FALLBACK_MODEL="")
    bob = get_user_model().objects.create_user("bob")
    state(user=ada, model="qwen3")
    state(user=ada, task_type=INSIGHT, model="library/Qwen3:latest")
    state(user=bob, model="https://registry.ollama.ai/library/QWEN3")
    assert users_stating("qwen3:latest", limit=3) == ["ada", "bob"]
    [stated] = [each for each in models_stated() if each.users]
    assert (stated.model, stated.users) == ("https://registry.ollama.ai/library/QWEN3", 2)


def test_what_policy_refuses_is_told_as_refused_and_what_holds_instead_too(configure, state):
    configure("default: {model: 'good:1', fallback_model: 'good:2'}", LLM_ALLOWED_MODELS="good:*")
    state(model="bad:1")
    models = [each for each in models_stated() if each.field == "model"]
    assert [(each.model, each.allowed) for each in models] == [("bad:1", False), ("good:1", True)]


def test_rows_of_unregistered_task_types_are_counted_and_left_out(configure, state, ada):
    configure()
    state(task_type="TASK_TYPE_GONE", model="gone:1")
    state(user=ada, task_type="TASK_TYPE_GONE", model="gone:2")
    assert unregistered_rows() == {"TASK_TYPE_GONE": 2}
    assert not [each for each in models_stated() if each.model.startswith("gone")]


def test_what_a_tier_s_list_refuses_its_members_get_from_the_next_weaker_place(
    configure, state, premium
):
    configure("default: {model: 'file:1', fallback_model: ''}", LLM_DEFAULT_MODEL="variable:1")
    row = state(model="row:1")
    premium.tier.allowed_models = ["file:*"]
    premium.tier.save()
    assert told(models_stated()) == [
        ("file:1", "model", "llm.yaml:1"),
        ("row:1", "model", row.place),
    ]


def test_what_is_no_model_s_name_is_left_out(configure, state, ada):
    configure(LLM_DEFAULT_MODEL="variable:1", LLM_FALLBACK_MODEL="")
    state(model="no name")
    state(user=ada, model="no name")
    assert told(models_stated()) == [("variable:1", "model", "LLM_DEFAULT_MODEL")]


def test_everything_takes_four_queries(configure, state, ada, premium, django_assert_num_queries):
    configure()
    state(user=ada, model="users:1")
    state(group=premium, model="row:1")
    with django_assert_num_queries(4):
        models_stated()


def test_without_a_database_file_and_variables_are_told(configure, django_assert_num_queries):
    configure(LLM_DEFAULT_MODEL="variable:1", LLM_FALLBACK_MODEL="")
    with django_assert_num_queries(0):
        assert told(models_stated_static()) == [("variable:1", "model", "LLM_DEFAULT_MODEL")]
