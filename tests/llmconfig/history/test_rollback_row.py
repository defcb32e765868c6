"""One row returns to a version."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from llmconfig.history.entries import preference_at_version, preference_history
from llmconfig.history.plan import plan_of
from llmconfig.history.rollback import row_rollback
from llmconfig.models import Preference, Tier
from llmconfig.store.services import preference_delete, preference_save, tier_delete, tier_save
from llmconfig.values import task_types
from llmconfig.values.errors import (
    EditConflict,
    InvalidPreference,
    ModelNotAllowed,
    RollbackRefused,
    UnknownTaskType,
    UnknownVersion,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def row(ada, root):
    """Of ada: v1 has qwen3, v2 states something else."""
    row = preference_save(preference=Preference(user=ada, model="qwen3"), by=root)
    row.model, row.max_retries, row.parameters = "llama3.2:1b", 1, {"temperature": 0.5}
    return preference_save(preference=row, by=ada)


def back(row_id, version=1, model=Preference, **options):
    return row_rollback(model=model, row_id=row_id, to_version=version, **{"by": None, **options})


def stored(row):
    return Preference.objects.get(pk=row.pk)


def test_a_row_states_again_what_it_stated_under_a_new_version(row, root):
    back(row.pk, by=root)
    now = stored(row)
    assert (now.stated(), now.version, now.updated_by) == ({"model": "qwen3"}, 3, root)


def test_a_row_keeps_the_moment_of_its_creation(row):
    created_at = stored(row).created_at
    assert timezone.now() - created_at < timedelta(minutes=1)
    back(row.pk)
    assert stored(row).created_at == created_at
    assert stored(row).updated_at > created_at


def test_a_rollback_is_told_by_the_history(row, root):
    back(row.pk, by=root, source="command", reason="wrong model")
    entry = preference_history(row_id=row.pk)[0]
    assert (entry.place, entry.by, entry.source) == (f"preference {row.pk} v3", "root", "command")
    assert entry.reason == "rollback to v1: wrong model"
    assert [change.field for change in entry.changes] == [
        "model",
        "max_retries",
        "parameters.temperature",
    ]


def test_a_rollback_can_be_rolled_back(row):
    back(row.pk)
    back(row.pk, version=2)
    assert stored(row).stated() == row.stated()


def test_where_it_is_so_already_nothing_is_written(row):
    assert back(row.pk, version=2).steps == ()
    assert stored(row).version == 2


def test_a_deleted_row_returns_under_its_number_and_its_versions_go_on(row, root):
    preference_delete(preference=stored(row), by=root)
    back(row.pk)
    now = stored(row)
    assert (now.stated(), now.version) == ({"model": "qwen3"}, 4)
    kinds = [(entry.version, entry.kind) for entry in preference_history(row_id=row.pk)]
    assert kinds == [(4, "returned"), (3, "deleted"), (2, "changed"), (1, "created")]
    assert preference_at_version(row.pk, 1).state["model"] == "qwen3"


def test_the_plan_shows_what_would_be_done_and_does_nothing(row):
    (step,) = plan_of(Preference, row.pk, 1).steps
    assert (step.name, step.scope) == (f"preference {row.pk}", "user ada")
    told = {change.field: (change.old, change.new) for change in step.changes}
    assert told == {
        "model": ("llama3.2:1b", "qwen3"),
        "max_retries": (1, None),
        "parameters.temperature": (0.5, None),
    }
    assert stored(row).version == 2


@pytest.mark.parametrize("version", [0, 9, 2**31, 2**70])
def test_a_version_that_never_was_is_told(version, row):
    with pytest.raises(UnknownVersion, match=f"no version {version} of preference {row.pk}"):
        back(row.pk, version=version)


def test_the_version_of_a_deletion_is_none_to_return_to(row):
    preference_delete(preference=stored(row), by=None)
    with pytest.raises(UnknownVersion):
        back(row.pk, version=3)


def test_a_model_that_is_not_allowed_any_more_does_not_return(row, allow):
    allow("llama3.*")
    with pytest.raises(ModelNotAllowed):
        back(row.pk)
    assert stored(row).model == "llama3.2:1b"


def test_nor_does_one_that_the_tiers_of_the_user_do_not_allow(row, ada, premium):
    ada.groups.add(premium)
    Tier.objects.update(allowed_models=["llama3.*"])
    with pytest.raises(ModelNotAllowed):
        back(row.pk)


def test_a_row_of_a_deleted_user_does_not_return(row, ada):
    number = ada.pk
    ada.delete()
    with pytest.raises(RollbackRefused, match=f"Its user {number} is deleted"):
        back(row.pk)


def test_a_row_whose_scope_is_taken_does_not_return(row, ada):
    preference_delete(preference=stored(row), by=None)
    other = preference_save(preference=Preference(user=ada, max_retries=9), by=ada)
    with pytest.raises(EditConflict, match="same scope"):
        back(row.pk)
    assert list(Preference.objects.all()) == [other]


def test_a_deleted_row_of_a_task_type_that_is_gone_does_not_return(ada, monkeypatch):
    monkeypatch.setitem(task_types._registry, "TASK_TYPE_POEM", {})
    row = preference_save(preference=Preference(user=ada, task_type="TASK_TYPE_POEM"), by=ada)
    number = row.pk
    preference_delete(preference=row, by=ada)
    monkeypatch.delitem(task_types._registry, "TASK_TYPE_POEM")
    with pytest.raises(UnknownTaskType):
        back(number)


def test_what_became_invalid_does_not_return(row):
    Preference.history.filter(version=1).update(max_retries=11)
    with pytest.raises(InvalidPreference, match="0 to 10"):
        back(row.pk)


def test_whoever_looked_at_an_older_version_is_told(row):
    with pytest.raises(EditConflict, match="it is at version 2"):
        back(row.pk, expected_version=1)
    preference_delete(preference=stored(row), by=None)
    with pytest.raises(EditConflict, match="deleted"):
        back(row.pk, expected_version=2)


def test_a_tier_returns_too_also_when_deleted(premium, root):
    tier = Tier.objects.get()
    tier.rank, tier.allowed_models = 30, ["qwen3"]
    tier_save(tier=tier, by=root)
    tier_delete(tier=Tier.objects.get(), by=root)
    back(tier.pk, version=1, model=Tier)
    now = Tier.objects.get()
    assert (now.pk, now.rank, now.allowed_models, now.version) == (tier.pk, 30, ["qwen3"], 3)


def test_a_tier_whose_rank_is_taken_does_not_return(premium, root):
    tier = Tier.objects.get()
    tier.rank = 30
    tier_save(tier=tier, by=root)
    tier_save(tier=Tier(group=Group.objects.create(name="gold"), rank=20), by=root)
    with pytest.raises(EditConflict, match="same rank"):
        back(tier.pk, version=0, model=Tier)
