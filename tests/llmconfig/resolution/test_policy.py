"""Which models a user may use: the environment's list, narrowed by the lists of the tiers."""

import pytest
from django.contrib.auth.models import Group

from llmconfig.models import Preference, Tier
from llmconfig.resolution.policy import user_policy
from llmconfig.resolution.selectors import config_resolve
from llmconfig.store.services import preference_save
from llmconfig.values.errors import FallbackSameAsModel, ModelNotAllowed, NoAllowedModel
from tests.llmconfig.conftest import INSIGHT, SEED

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _seed(configure):
    configure(SEED, LLM_ALLOWED_MODELS="llama3.2:*,qwen3,phi4")


@pytest.fixture
def join(ada):
    """Makes ada a member of a tier with a list, or of a group that is no tier."""

    def tier(name, rank=None, allowed_models=None):
        group = Group.objects.create(name=name)
        if rank is not None:
            Tier.objects.create(group=group, rank=rank, allowed_models=allowed_models)
        ada.groups.add(group)
        return group

    return tier


def resolved(ada, **options):
    return config_resolve(user_id=ada.pk, task_type=INSIGHT, **options)


def test_a_tiers_list_narrows_what_the_environment_allows(ada, join, state):
    join("gold", 30, ["qwen3", "gemma3", "llama3.2:1b"])
    policy = user_policy(ada.pk)
    assert [policy.refusal(name) for name in ("qwen3:latest", "phi4", "gemma3", "x")] == [
        None,
        "not_allowed_for_tier",
        "not_allowed",
        "not_allowed",
    ]


def test_of_several_tiers_the_union_holds(ada, join):
    join("gold", 30, ["qwen3"])
    join("iron", 10, ["phi4"])
    policy = user_policy(ada.pk)
    assert policy.allows("qwen3")
    assert policy.allows("phi4:latest")
    assert not policy.allows("llama3.2:3b")


def test_a_tier_without_a_list_lifts_the_others(ada, join):
    join("gold", 30, ["qwen3"])
    join("iron", 10, None)
    assert user_policy(ada.pk).allows("phi4")


def test_a_group_that_is_no_tier_neither_narrows_nor_widens(ada, join):
    join("staff")
    assert user_policy(ada.pk).allows("phi4")
    join("gold", 30, ["qwen3"])
    assert not user_policy(ada.pk).allows("phi4")


def test_what_a_tier_forbids_is_skipped_and_the_next_weaker_holds(ada, join, state):
    join("gold", 30, ["llama3.2:*"])
    state(user=ada, model="qwen3", fallback_model="phi4")
    config = resolved(ada)
    assert (config.model, config.fallback_model) == ("llama3.2:3b", "llama3.2:1b")
    assert [(each.field, each.reason) for each in config.skipped] == [
        ("model", "not_allowed_for_tier"),
        ("fallback_model", "not_allowed_for_tier"),
    ]


def test_the_systems_own_model_may_be_forbidden_for_a_tier(ada, join, state):
    group = join("gold", 30, ["qwen3"])
    with pytest.raises(NoAllowedModel) as told:
        resolved(ada)
    assert "no tier of the user allows the model 'llama3.2:3b'" in map(
        str, told.value.errors["model"]
    )
    state(group=group, model="qwen3")
    assert resolved(ada).model == "qwen3"


def test_a_user_may_save_only_what_the_tiers_allow(ada, join):
    join("gold", 30, ["llama3.2:*"])
    for field in ("model", "fallback_model"):
        with pytest.raises(ModelNotAllowed, match="No tier of the user allows the model phi4") as e:
            preference_save(preference=Preference(user=ada, **{field: "phi4"}), by=ada)
        assert e.value.field == field
    with pytest.raises(ModelNotAllowed, match="The model x:1 is not allowed here"):
        preference_save(preference=Preference(user=ada, model="x:1"), by=ada)


def test_rows_that_are_shared_are_held_to_the_environment_alone(ada, join):
    group = join("gold", 30, ["llama3.2:*"])
    for scope in ({}, {"task_type": INSIGHT}, {"group": group}):
        row = preference_save(preference=Preference(model="phi4", **scope), by=ada)
        row.fallback_model = "x:1"
        with pytest.raises(ModelNotAllowed):
            preference_save(preference=row, by=ada)
    assert resolved(ada).model == "llama3.2:3b"


@pytest.mark.parametrize("field", ["model", "fallback_model"])
def test_a_request_may_use_only_what_the_tiers_allow(field, ada, join, settings):
    settings.LLM_ALLOW_REQUEST_LAYER = True
    join("gold", 30, ["llama3.2:*"])
    with pytest.raises(ModelNotAllowed, match="No tier of the user allows the model phi4"):
        resolved(ada, request={field: "phi4"})
    assert resolved(ada, request={"model": "llama3.2"}).source == "request"


def test_a_request_whose_fallback_is_its_model_is_refused(ada, settings):
    settings.LLM_ALLOW_REQUEST_LAYER = True
    with pytest.raises(FallbackSameAsModel):
        resolved(ada, request={"model": "qwen3", "fallback_model": "qwen3:latest"})


def test_a_fallback_that_equals_an_inherited_model_is_saved_and_skipped(ada):
    row = Preference(user=ada, fallback_model="llama3.2:3b")
    preference_save(preference=row, by=ada)
    config = resolved(ada)
    assert config.fallback_model == ""
    assert config.skipped[-1].reason == "same_as_model"
