import logging

import pytest
from django.contrib.auth.models import Group

from llmconfig.models import Preference, Tier
from llmconfig.resolution.selectors import config_resolve, configs_resolve
from llmconfig.values.errors import (
    InvalidPreference,
    ModelNotAllowed,
    NoAllowedModel,
    RequestLayerNotPermitted,
    UnknownTaskType,
)
from tests.llmconfig.conftest import ALL_TYPES, INSIGHT, REPORT, SEED

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _seed(configure):
    configure(SEED)


def test_the_chain_of_rows_runs_from_everyone_to_the_users_type(ada, premium, state):
    ada.groups.add(premium)
    scopes = [
        {},
        {"task_type": INSIGHT},
        {"group": premium},
        {"group": premium, "task_type": INSIGHT},
        {"user": ada},
        {"user": ada, "task_type": INSIGHT},
    ]
    rows = [state(parameters={"seed": seed}, **scope) for seed, scope in enumerate(scopes)]
    config = config_resolve(user_id=ada.pk, task_type=INSIGHT)
    assert config.parameters["seed"] == 5
    shadowed = config.shadowed["parameters.seed"]
    assert [stated.value for stated in shadowed] == [4, 3, 2, 1, 0]
    assert [stated.origin.layer for stated in shadowed] == [
        "user",
        "tier",
        "tier",
        "task_type",
        "system",
    ]
    assert config.origins["parameters.seed"].place == f"preference {rows[5].pk} v1"


def test_rows_of_others_and_of_other_types_do_not_count(ada, premium, state, django_user_model):
    bob = django_user_model.objects.create_user("bob")
    bob.groups.add(premium)
    state(user=bob, max_retries=9)
    state(group=premium, max_retries=9)
    state(user=ada, task_type=REPORT, max_retries=9)
    assert config_resolve(user_id=ada.pk, task_type=INSIGHT).max_retries == 2


def test_nobody_gets_what_holds_for_everyone(ada, state):
    state(max_retries=7)
    state(user=ada, max_retries=9)
    assert config_resolve(user_id=None, task_type="TASK_TYPE_TEXT_GENERATION").max_retries == 7


def test_of_several_tiers_the_highest_rank_is_strongest(ada, state):
    for name, rank in (("zinc", 5), ("gold", 30), ("iron", 10)):
        group = Group.objects.create(name=name)
        Tier.objects.create(group=group, rank=rank)
        ada.groups.add(group)
        state(group=group, model=f"{name}:1", max_retries=rank // 5)
    config = config_resolve(user_id=ada.pk, task_type=INSIGHT)
    assert (config.model, config.source) == ("gold:1", "tier")
    assert [stated.value for stated in config.shadowed["model"]][:2] == ["iron:1", "zinc:1"]


def test_a_tier_named_in_the_file_needs_no_rows(configure, ada):
    configure(SEED + 'user_preferences: {standard_model: "std:1", premium_model: "pro:1"}')
    for name in ("premium", "standard"):
        ada.groups.add(Group.objects.create(name=name))
    config = config_resolve(user_id=ada.pk, task_type=INSIGHT)
    assert (config.model, config.source) == ("pro:1", "tier")


def test_a_row_of_a_tier_is_stronger_than_the_file(configure, ada, premium, state):
    configure(SEED + 'user_preferences: {premium_model: "pro:1"}')
    ada.groups.add(premium)
    state(group=premium, model="row:1")
    assert config_resolve(user_id=ada.pk, task_type=INSIGHT).model == "row:1"


def test_a_user_who_is_gone_gets_what_holds_for_everyone():
    assert config_resolve(user_id=999_999, task_type=INSIGHT).model == "llama3.2:3b"


def test_an_unknown_task_type_is_refused(ada):
    with pytest.raises(UnknownTaskType, match=REPORT):
        config_resolve(user_id=ada.pk, task_type="TASK_TYPE_POEM")


def test_an_old_row_that_policy_no_longer_allows_is_skipped_with_a_warning(
    configure, ada, state, caplog
):
    row = state(user=ada, model="phi4:14b", fallback_model="phi4:mini")
    configure(SEED, LLM_ALLOWED_MODELS="llama3.2:*")
    with caplog.at_level(logging.WARNING, logger="llmconfig"):
        config = config_resolve(user_id=ada.pk, task_type=INSIGHT)
    assert (config.model, config.fallback_model) == ("llama3.2:3b", "llama3.2:1b")
    told = f"Skipped model of preference {row.pk} v1: the environment does not allow the model"
    assert f"{told} 'phi4:14b'" in caplog.text
    assert {(each.field, each.reason) for each in config.skipped} == {
        ("model", "not_allowed"),
        ("fallback_model", "not_allowed"),
    }


def test_where_policy_leaves_nothing_there_is_no_decision(configure, ada):
    configure(SEED, LLM_ALLOWED_MODELS="phi4")
    with pytest.raises(NoAllowedModel):
        config_resolve(user_id=ada.pk, task_type=INSIGHT)
    assert configs_resolve(user_id=ada.pk) == dict.fromkeys(ALL_TYPES)


def test_a_request_is_refused_where_it_is_not_permitted(ada, settings):
    settings.LLM_ALLOW_REQUEST_LAYER = False
    with pytest.raises(RequestLayerNotPermitted):
        config_resolve(user_id=ada.pk, task_type=INSIGHT, request={"model": "a:1"})
    assert config_resolve(user_id=ada.pk, task_type=INSIGHT, request={}).model == "llama3.2:3b"


def test_a_permitted_request_is_the_strongest_layer(ada, state, settings):
    settings.LLM_ALLOW_REQUEST_LAYER = True
    state(user=ada, task_type=INSIGHT, model="row:1")
    request = {"model": "a:1", "max_retries": 0}
    config = config_resolve(user_id=ada.pk, task_type=INSIGHT, request=request)
    assert (config.model, config.max_retries, config.source) == ("a:1", 0, "request")


def test_a_request_is_validated_and_never_escapes_policy(configure, ada, settings):
    configure(SEED, LLM_ALLOWED_MODELS="llama3.2:*")
    settings.LLM_ALLOW_REQUEST_LAYER = True
    with pytest.raises(InvalidPreference):
        config_resolve(user_id=ada.pk, task_type=INSIGHT, request={"timeout_seconds": 0})
    for field in ("model", "fallback_model"):
        with pytest.raises(ModelNotAllowed) as told:
            config_resolve(user_id=ada.pk, task_type=INSIGHT, request={field: "phi4"})
        assert told.value.field == field


def test_resolving_takes_one_query(ada, premium, state, django_assert_num_queries):
    ada.groups.add(premium)
    state(user=ada, max_retries=0)
    state(group=premium, max_retries=0)
    with django_assert_num_queries(1):
        config_resolve(user_id=ada.pk, task_type=INSIGHT)
    with django_assert_num_queries(1):
        configs_resolve(user_id=ada.pk)
    with django_assert_num_queries(1):
        config_resolve(user_id=None, task_type=INSIGHT)


def test_every_type_at_once_is_each_type_alone(ada, premium, state):
    ada.groups.add(premium)
    state(user=ada, task_type=REPORT, model="mine:1")
    state(group=premium, max_retries=0)
    alone = {name: config_resolve(user_id=ada.pk, task_type=name) for name in ALL_TYPES}
    assert configs_resolve(user_id=ada.pk) == alone


def test_a_row_of_a_type_that_is_gone_is_kept_and_ignored(ada, state):
    state(user=ada, task_type="TASK_TYPE_GONE", model="x:1")
    assert "x:1" not in str(configs_resolve(user_id=ada.pk))
    assert Preference.objects.count() == 1
