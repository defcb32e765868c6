"""What a scope states, and what follows from it for somebody whom only it concerns."""

import pytest

from llmconfig.models import Tier
from llmconfig.resolution.selectors import configs_resolve
from llmconfig.store.overviews import overview_etag, scope_overview, scope_preferences
from llmconfig.store.scopes import Scope
from tests.llmconfig.conftest import ALL_TYPES, INSIGHT, REPORT, SEED

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _seed(configure):
    configure(SEED + 'user_preferences: {premium_model: "pro:1"}')


def of(user):
    return Scope(user_id=user.pk)


def told(config):
    return config["model"], config["source"], config["max_retries"]


def test_preferences_are_the_document_that_states_them(ada, state):
    state(user=ada, model="a:1", parameters={"seed": 1})
    state(user=ada, task_type=INSIGHT, max_retries=0)
    state(user=ada, task_type=REPORT)
    state(user=ada, task_type="TASK_TYPE_GONE", max_retries=0)
    assert scope_preferences(of(ada)) == {
        "model": "a:1",
        "parameters": {"seed": 1},
        "task_type_configs": {INSIGHT: {"max_retries": 0}},
    }


def test_each_scope_has_its_own_rows_alone(ada, premium, state):
    state(model="system:1")
    state(task_type=INSIGHT, model="type:1")
    state(group=premium, model="tier:1")
    state(group=premium, task_type=INSIGHT, model="tier:2")
    state(user=ada, model="user:1")
    state(user=ada, task_type=INSIGHT, model="user:2")
    documents = [
        scope_preferences(scope)
        for scope in (Scope(), Scope(task_type=INSIGHT), Scope(group_id=premium.pk), of(ada))
    ]
    assert documents == [
        {"model": "system:1"},
        {"model": "type:1"},
        {"model": "tier:1", "task_type_configs": {INSIGHT: {"model": "tier:2"}}},
        {"model": "user:1", "task_type_configs": {INSIGHT: {"model": "user:2"}}},
    ]


def test_a_user_gets_what_the_user_s_runs_get(ada, premium, state):
    ada.groups.add(premium)
    state(group=premium, max_retries=1)
    state(user=ada, model="user:1")
    effective = scope_overview(of(ada))["effective"]
    configs = configs_resolve(user_id=ada.pk)
    assert effective == {name: config.to_wire() for name, config in configs.items()}
    assert told(effective[INSIGHT]) == ("user:1", "user", 1)


def test_a_tier_s_member_gets_the_tier_s_file_and_rows_and_nothing_of_other_tiers(
    ada, premium, state, django_user_model
):
    state(group=premium, task_type=REPORT, max_retries=0)
    state(user=ada, model="user:1")
    member = django_user_model.objects.create_user("member")
    member.groups.add(premium)
    overview = scope_overview(Scope(group_id=premium.pk))
    assert sorted(overview["effective"]) == ALL_TYPES
    assert told(overview["effective"][REPORT]) == ("pro:1", "tier", 0)
    assert overview["effective"] == {
        name: config.to_wire() for name, config in configs_resolve(user_id=member.pk).items()
    }


def test_a_tier_s_list_narrows_what_is_effective(premium):
    Tier.objects.update(allowed_models=["phi*"])
    overview = scope_overview(Scope(group_id=premium.pk))
    assert overview["tier"] == {"name": "premium", "rank": 20, "allowed_models": ["phi*"]}
    assert overview["effective"][INSIGHT] is None


@pytest.mark.parametrize("scope", [Scope(), Scope(task_type=INSIGHT)])
def test_of_a_shared_scope_is_effective_what_somebody_without_any_gets(scope, ada, premium, state):
    state(max_retries=7)
    state(task_type=INSIGHT, timeout_seconds=7)
    state(group=premium, model="tier:1")
    state(user=ada, model="user:1")
    effective = scope_overview(scope)["effective"]
    assert set(effective) == ({INSIGHT} if scope.task_type else set(ALL_TYPES))
    assert told(effective[INSIGHT]) == ("llama3.2:3b", "task_type", 2)
    assert effective[INSIGHT]["timeout_seconds"] == 7


def test_the_entity_tag_changes_with_the_answer(ada, state):
    before = overview_etag(scope_overview(of(ada)))
    assert before == overview_etag(scope_overview(of(ada)))
    state(max_retries=9)
    assert before != overview_etag(scope_overview(of(ada)))
    assert not before.startswith("W/")
