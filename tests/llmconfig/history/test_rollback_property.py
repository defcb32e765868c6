"""Whatever was saved and deleted: everything at a moment is exactly what was then."""

from contextlib import suppress

import pytest
from django.contrib.auth.models import Group
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llmconfig.history.rollback import everything_rollback
from llmconfig.history.states import states_now
from llmconfig.models import Preference, Tier
from llmconfig.resolution.policy import environment_policy, models_check, user_policy
from llmconfig.store.services import preference_delete, preference_save, tier_delete, tier_save
from llmconfig.values.errors import EditConflict, ModelNotAllowed
from tests.llmconfig.conftest import INSIGHT
from tests.llmconfig.history.conftest import moment

pytestmark = pytest.mark.django_db

MODELS = [None, "llama3.2:1b", "llama3.2:3b", "qwen3"]
LISTS = [["llama3.*"], ["qwen3"], ["llama3.2:1b", "qwen3"]]
#: Each example takes back what it wrote.
each_anew = settings(
    deadline=None,
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def histories(lists):
    """Changes of rows and tiers, which are picked by number from those there are."""
    pick = st.integers(0, 7)
    row = {"model": st.sampled_from(MODELS), "max_retries": st.integers(0, 2)}
    parameters = st.dictionaries(st.sampled_from(["seed", "top_k"]), st.integers(0, 9))
    change = st.one_of(
        st.tuples(
            st.just(Preference), pick, st.fixed_dictionaries({**row, "parameters": parameters})
        ),
        st.tuples(st.just(Preference), pick, st.fixed_dictionaries({"scope": pick})),
        st.tuples(
            st.just(Tier),
            st.integers(0, 2),
            st.fixed_dictionaries(
                {"rank": st.integers(1, 4), "allowed_models": st.sampled_from([None, *lists])}
            ),
        ),
        st.tuples(st.sampled_from([Preference, Tier]), pick, st.none()),
    )
    return st.lists(change, min_size=1, max_size=14)


@pytest.fixture
def world(ada, django_user_model):
    """Scopes to have a preference, and groups to be a tier."""
    bob = django_user_model.objects.create_user("bob")
    groups = [Group.objects.create(name=name) for name in ("standard", "premium", "gold")]
    groups[0].user_set.add(ada)
    groups[1].user_set.add(ada, bob)
    owners = [{}, {"user": ada}, {"user": bob}, {"group": groups[0]}]
    scopes = [
        {"user": None, "group": None, "task_type": task_type, **owner}
        for owner in owners
        for task_type in (None, INSIGHT)
    ]
    return scopes, groups


def change(world, model, pick, values):
    """Saves or deletes one row as the services allow it."""
    scopes, groups = world
    if model is Tier:
        group = groups[pick % len(groups)]
        row = Tier.objects.filter(group=group).first() or Tier(group=group)
        save, delete, name = tier_save, tier_delete, "tier"
    else:
        scope = scopes[pick]
        row = Preference.objects.filter(**scope).first() or Preference(**scope)
        save, delete, name = preference_save, preference_delete, "preference"
    if values is None:
        return row.pk and delete(**{name: row}, by=None)
    if "scope" in values:
        values = scopes[values["scope"]]
    for field, value in values.items():
        setattr(row, field, value)
    return save(**{name: row}, by=None)


def attempt(world, *what):
    with suppress(EditConflict, ModelNotAllowed):
        change(world, *what)


def everything():
    return [
        {pk: state for pk, (_, state) in states_now(model).items()} for model in (Tier, Preference)
    ]


@each_anew
@given(history=histories(lists=[]), data=st.data())
def test_everything_at_a_moment_is_what_was_then(world, history, data):
    with transaction.atomic():
        moments = [(moment(), everything())]
        for what in history:
            attempt(world, *what)
            moments.append((moment(), everything()))
        for then, rows in data.draw(st.lists(st.sampled_from(moments), min_size=1, max_size=3)):
            everything_rollback(moment=then, by=None)
            assert everything() == rows
        for model in (Preference, Tier):
            versions = list(model.history.values_list("id", "version"))
            assert len(set(versions)) == len(versions)
            stored = set(model.objects.values_list("pk", "version"))
            assert stored <= set(versions)
        transaction.set_rollback(True)


@each_anew
@given(
    history=histories(lists=LISTS),
    allowed=st.sampled_from(["llama3.*", "qwen3", "llama3.2:1b,qwen3", "llama3.*,qwen3"]),
    data=st.data(),
)
def test_no_rollback_brings_a_model_back_that_is_not_allowed(world, allow, history, allowed, data):
    allow("llama3.*,qwen3")
    with transaction.atomic():
        moments = [moment()]
        for what in history:
            attempt(world, *what)
            moments.append(moment())
        allow(allowed)
        then = data.draw(st.sampled_from(moments))
        done = everything_rollback(moment=then, by=None, skip_refused=True)
        for row in Preference.objects.filter(pk__in=[step.row_id for step in done.steps]):
            policy = environment_policy() if row.user_id is None else user_policy(row.user_id)
            models_check(row.stated(), policy)
        transaction.set_rollback(True)
