"""All rows return to a moment."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group

from llmconfig.history.entries import preference_history
from llmconfig.history.plan import plan_at
from llmconfig.history.rollback import everything_rollback
from llmconfig.models import Preference, Tier
from llmconfig.store.services import preference_delete, preference_save, tier_save
from llmconfig.values.errors import RollbackRefused
from tests.llmconfig.conftest import INSIGHT
from tests.llmconfig.history.conftest import moment

pytestmark = pytest.mark.django_db


def saved(row=None, **fields):
    row = row or Preference()
    for name, value in fields.items():
        setattr(row, name, value)
    return preference_save(preference=row, by=None)


def tier(group, **fields):
    return tier_save(tier=Tier(group=group, **fields), by=None)


def back(to, **options):
    return everything_rollback(moment=to, **{"by": None, **options})


def everything():
    """All that is stored, without versions."""
    rows = Preference.objects.order_by("pk")
    tiers = Tier.objects.order_by("pk").values_list("pk", "group_id", "rank", "allowed_models")
    return [(row.pk, row.user_id, row.group_id, row.task_type, row.stated()) for row in rows], list(
        tiers
    )


def test_changed_made_and_deleted_rows_are_as_they_were(ada, premium):
    changed, deleted = saved(model="qwen3"), saved(user=ada, max_retries=1)
    tier_row = Tier.objects.get()
    then, before = moment(), everything()
    saved(changed, model="llama3.2:1b")
    preference_delete(preference=deleted, by=None)
    saved(user=ada, task_type=INSIGHT, max_retries=2)
    tier_row.rank, tier_row.allowed_models = 30, ["qwen3"]
    tier_save(tier=tier_row, by=None)
    tier(Group.objects.create(name="gold"), rank=20)
    back(then)
    assert everything() == before
    assert [row.version for row in Preference.objects.order_by("pk")] == [3, 3]


def test_a_rollback_is_one_moment_with_its_reason_in_every_entry(ada, root):
    then = moment()
    saved(model="qwen3")
    saved(user=ada)
    done = everything_rollback(moment=then, by=root, source="command", reason="wrong week")
    entries = preference_history(limit=2)
    assert {entry.kind for entry in entries} == {"deleted"}
    assert {(entry.by, entry.source, entry.at) for entry in entries} == {
        ("root", "command", entries[0].at)
    }
    told = f"rollback to {then.isoformat(timespec='seconds')}: wrong week"
    assert {entry.reason for entry in entries} == {told}
    assert len(done.steps) == 2


def test_the_moment_of_a_change_is_after_it(ada):
    row = saved(user=ada, max_retries=1)
    at = preference_history()[0].at
    saved(row, max_retries=2)
    back(at)
    assert Preference.objects.get().max_retries == 1
    back(at - timedelta(microseconds=1))
    assert not Preference.objects.exists()


def test_what_is_as_it_was_is_not_written(ada):
    same = saved(user=ada, max_retries=1)
    then = moment()
    saved(same, max_retries=2)
    saved(same, max_retries=1)
    assert back(then).steps == ()
    assert Preference.objects.get().version == 3


def test_a_rollback_to_before_a_rollback_undoes_it(ada):
    row = saved(user=ada, max_retries=1)
    first = moment()
    saved(row, max_retries=2)
    second, before = moment(), everything()
    back(first)
    back(second)
    assert everything() == before


def test_ranks_that_were_swapped_are_swapped_back(premium):
    one = Tier.objects.get()
    two = tier(Group.objects.create(name="gold"), rank=30)
    then, before = moment(), everything()
    for row, rank in ((one, 99), (two, 20), (one, 30)):
        row.rank = rank
        tier_save(tier=row, by=None)
    back(then)
    assert everything() == before


def test_a_row_that_was_deleted_has_its_scope_again_which_a_later_row_has_taken(ada, root):
    deleted, moved = saved(user=ada, max_retries=1), saved(user=root, max_retries=2)
    then, before = moment(), everything()
    preference_delete(preference=deleted, by=None)
    saved(moved, user=ada)
    back(then)
    assert everything() == before


def test_rows_that_moved_on_in_a_chain_move_back_without_being_made_again(ada, root):
    first, second = saved(user=ada, max_retries=1), saved(user=root, max_retries=2)
    then, before = moment(), everything()
    saved(second, user=root, task_type=INSIGHT)
    saved(first, user=root)
    back(then)
    assert everything() == before
    assert not Preference.history.filter(history_type="-").exists()


def test_rows_that_swapped_their_users_swap_back(ada, root):
    one, two = saved(user=ada, max_retries=1), saved(user=root, max_retries=2)
    then, before = moment(), everything()
    saved(one, user=None)
    saved(two, user=ada)
    saved(one, user=root)
    back(then)
    assert everything() == before


def test_a_row_made_again_in_the_place_of_one_made_since(ada):
    old = saved(user=ada, max_retries=1)
    number, then = old.pk, moment()
    preference_delete(preference=old, by=None)
    saved(user=ada, max_retries=2)
    back(then)
    assert [(row.pk, row.max_retries) for row in Preference.objects.all()] == [(number, 1)]


@pytest.fixture
def spoilt(ada, allow):
    """Three rows that cannot return, one that can, and the moment."""
    bob = type(ada).objects.create_user("bob")
    shared, own, theirs = saved(model="qwen3"), saved(user=ada), saved(user=bob, max_retries=1)
    own_type = saved(user=ada, task_type=INSIGHT, model="qwen3")
    then = moment()
    saved(shared, model=None, max_retries=5)
    saved(own, max_retries=1)
    preference_delete(preference=own_type, by=None)
    bob.delete()
    allow("llama3.*")
    return (
        then,
        shared.pk,
        own.pk,
        theirs.pk,
        Preference.history.get(task_type=INSIGHT, history_type="-").id,
    )


def test_all_refusals_are_told_in_one_go_and_nothing_is_changed(spoilt):
    then, shared, _own, theirs, own_type = spoilt
    before = everything()
    with pytest.raises(RollbackRefused) as told:
        back(then)
    reasons = {name.split("  ")[0]: str(text) for name, text in told.value.refusals.items()}
    number = Preference.history.filter(id=theirs).first().user_id
    assert reasons == {
        f"preference {shared}": "The model qwen3 is not allowed here.",
        f"preference {own_type}": "The model qwen3 is not allowed here.",
        f"preference {theirs}": f"Its user {number} is deleted.",
    }
    assert everything() == before


def test_refused_rows_can_be_skipped(spoilt):
    then, shared, own, *_ = spoilt
    done = back(then, skip_refused=True)
    assert [step.row_id for step in done.steps] == [own]
    assert Preference.objects.get(pk=shared).max_retries == 5
    assert Preference.objects.get(pk=own).stated() == {}


def test_a_row_that_stays_keeps_its_place_from_those_that_return(ada, root, allow):
    staying, returning = saved(user=ada, model="qwen3"), saved(user=root, max_retries=1)
    then = moment()
    saved(returning, user=None)
    saved(staying, user=root, model="llama3.2:1b")
    allow("llama3.*")
    assert set(plan_at(then).refusals) == {
        f"preference {staying.pk}  user ada",
        f"preference {returning.pk}  user root",
    }
    before = everything()
    back(then, skip_refused=True)
    assert everything() == before


def test_lists_of_tiers_hold_as_they_will_be(ada, premium):
    ada.groups.add(premium)
    tier_row = Tier.objects.get()
    row = saved(user=ada, model="qwen3")
    open_to_all = moment()
    saved(row, model="llama3.2:1b")
    tier_row.allowed_models = ["llama3.*"]
    tier_save(tier=tier_row, by=None)
    narrowed = moment()
    assert back(open_to_all).refused == ()
    assert Preference.objects.get().model == "qwen3"
    back(narrowed)
    assert (Preference.objects.get().model, Tier.objects.get().allowed_models) == (
        "llama3.2:1b",
        ["llama3.*"],
    )


def test_a_narrower_list_that_returns_refuses_what_it_does_not_name(ada, premium):
    ada.groups.add(premium)
    tier_row, row = Tier.objects.get(), saved(user=ada, model="qwen3")
    tier_row.allowed_models = ["llama3.*"]
    tier_save(tier=tier_row, by=None)
    then = moment()
    tier_row.allowed_models = None
    tier_save(tier=tier_row, by=None)
    saved(row, model="llama3.2:1b")
    with pytest.raises(RollbackRefused) as told:
        back(then)
    assert [str(text) for text in told.value.refusals.values()] == [
        "No tier of the user allows the model qwen3."
    ]


def test_a_deleted_group_keeps_its_tier_and_rows_from_returning(premium):
    number, then = premium.pk, None
    row, tier_row = saved(group=premium, max_retries=1), Tier.objects.get()
    then = moment()
    premium.delete()
    assert {name: str(text) for name, text in plan_at(then).refusals.items()} == {
        f"tier {tier_row.pk}  tier {number} (deleted)": f"Its group {number} is deleted.",
        f"preference {row.pk}  tier {number} (deleted)": f"Its group {number} is deleted.",
    }


def test_a_row_that_was_there_before_its_history_is_not_taken_for_a_new_one(ada):
    then = moment()
    row = saved(user=ada, max_retries=1)
    Preference.history.update(history_type="~", history_source="baseline")
    assert [str(text) for text in plan_at(then).refusals.values()] == [
        "Its history begins later: nobody knows what it was."
    ]
    back(then, skip_refused=True)
    assert Preference.objects.get() == row


def test_a_row_without_any_history_is_not_removed(ada):
    row = saved(user=ada, max_retries=1)
    Preference.history.all().delete()
    assert [refused.step.row_id for refused in plan_at(moment()).refused] == [row.pk]
