"""What is shown beside an empty field is what resolving gives once it is saved empty."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llmconfig.models import Preference, Tier
from llmconfig.resolution.explain import config_explain
from llmconfig.resolution.inherited import inherited_values
from tests.llmconfig.conftest import ANALYSIS, INSIGHT, REPORT, SEED, TEXT

pytestmark = pytest.mark.django_db

ALLOWED = "llama3.2:*,qwen3,phi4"


@pytest.fixture(autouse=True)
def _seed(configure):
    configure(SEED + "user_preferences: {premium_model: qwen3}", LLM_ALLOWED_MODELS=ALLOWED)


def told(preference, name):
    inherited = inherited_values(preference)[name]
    return inherited.value, inherited.origin.layer, inherited.origin.place


def test_everyone_inherits_from_the_file_and_not_from_a_task_type(state):
    row = state(timeout_seconds=9, max_retries=9)
    state(task_type=INSIGHT, timeout_seconds=8)
    assert told(row, "timeout_seconds") == (60, "system", "llm.yaml:1")
    assert told(row, "first_token_timeout_seconds") == (None, "system", "built-in")
    assert not any(each.by_task_type for each in inherited_values(row).values())


def test_a_task_type_inherits_from_its_file_and_from_everyone(state):
    everyone = state(deadline_seconds=99)
    row = state(task_type=INSIGHT, timeout_seconds=9)
    assert told(row, "timeout_seconds") == (45, "task_type", "llm.yaml:3")
    assert told(row, "deadline_seconds") == (99, "system", everyone.place)


def test_a_tier_inherits_what_a_member_of_it_alone_would_get(premium, state):
    row = Preference(group=premium, task_type=REPORT)
    assert told(row, "model") == ("qwen3", "tier", "llm.yaml:6")
    Tier.objects.filter(group=premium).update(allowed_models=["llama3.2:*"])
    assert told(row, "model") == ("llama3.2:7b", "task_type", "llm.yaml:4")
    Tier.objects.filter(group=premium).update(allowed_models=["phi4"])
    assert told(row, "model") == ("", "system", "built-in")


def test_a_tier_of_one_task_type_inherits_from_the_tier(premium, state):
    of_tier = state(group=premium, max_retries=7)
    row = state(group=premium, task_type=REPORT, max_retries=8)
    assert told(row, "max_retries") == (7, "tier", of_tier.place)
    assert told(of_tier, "max_retries") == (3, "system", "llm.yaml:1")


def test_a_user_inherits_from_every_tier(ada, premium, state):
    ada.groups.add(premium)
    of_tier = state(group=premium, max_retries=7, model="phi4")
    state(user=ada, task_type=INSIGHT, max_retries=9)
    row = Preference(user=ada)
    assert told(row, "max_retries") == (7, "tier", of_tier.place)
    assert told(row, "model") == ("phi4", "tier", of_tier.place)


def test_where_task_types_differ_each_that_differs_is_told(ada):
    inherited = inherited_values(Preference(user=ada))["timeout_seconds"]
    assert inherited.value == 60
    assert {name: held.value for name, held in inherited.by_task_type.items()} == {
        INSIGHT: 45,
        REPORT: 120,
        ANALYSIS: 90,
    }


def test_the_rows_other_fields_count(ada):
    row = Preference(user=ada, task_type=INSIGHT, model="llama3.2:1b", deadline_seconds=30)
    assert told(row, "fallback_model") == ("", "system", "built-in")
    assert told(row, "timeout_seconds")[0] == 30
    assert told(row, "model")[0] == "llama3.2:3b"


def test_parameters_are_inherited_key_by_key(ada, state):
    everyone = state(parameters={"temperature": 0, "seed": 1})
    row = Preference(user=ada, task_type=INSIGHT, parameters={"seed": 2, "top_k": 3})
    assert told(row, "parameters.temperature") == (0.0, "system", everyone.place)
    assert told(row, "parameters.seed") == (1, "system", everyone.place)
    assert "parameters.top_k" not in inherited_values(row)


def test_what_is_being_written_may_be_invalid(ada):
    row = Preference(user=ada, model="a b", timeout_seconds=-1, parameters=["x"])
    assert told(row, "timeout_seconds") == (60, "system", "llm.yaml:1")


STATED = st.fixed_dictionaries(
    {},
    optional={
        "model": st.sampled_from(["llama3.2:1b", "qwen3", "phi4"]),
        "fallback_model": st.sampled_from(["", "llama3.2:1b", "phi4"]),
        "timeout_seconds": st.sampled_from([1, 50, 300]),
        "deadline_seconds": st.sampled_from([1, 40, 86_400]),
        "max_retries": st.integers(0, 10),
    },
)
FIELDS = ["model", "fallback_model", "timeout_seconds", "deadline_seconds", "max_retries"]
#: From weak to strong: whom a row is for, and what shows what it inherits.
SCOPES = [(), ("type",), ("tier",), ("tier", "type"), ("user",), ("user", "type")]


@pytest.mark.parametrize("number", range(len(SCOPES)), ids=map(str, SCOPES))
@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # each example deletes all rows
)
@given(rows=st.lists(STATED, min_size=6, max_size=6), stated=STATED, field=st.sampled_from(FIELDS))
def test_an_empty_field_resolves_to_what_was_told(number, rows, stated, field, ada, premium):
    def of(scope):
        return {
            "user": ada if "user" in scope else None,
            "group": premium if "tier" in scope else None,
            "task_type": task_type if "type" in scope else None,
        }

    scope = SCOPES[number]
    user_id = ada.pk if {"user", "tier"} & {*scope} else None
    # The one type of which the file says nothing shows what everyone gets.
    task_type = INSIGHT if scope else TEXT
    ada.groups.add(premium)
    Preference.objects.all().delete()
    for weaker, fields in zip(SCOPES[:number], rows, strict=False):
        Preference.objects.create(**of(weaker), **fields)
    inherited = inherited_values(Preference(**of(scope), **stated))[field]
    held = inherited.by_task_type.get(task_type, inherited)

    Preference.objects.create(**of(scope), **{**stated, field: None})
    resolved = config_explain(user_id=user_id, task_type=task_type).field(field)
    assert (held.value, held.origin) == (resolved.value, resolved.origin)
