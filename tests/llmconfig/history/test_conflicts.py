"""Two who edit one row: the second is told, and nothing is overwritten."""

import pytest
from django.contrib.auth.models import Group

from llmconfig.models import Preference, Tier
from llmconfig.store.services import preference_delete, preference_save, tier_delete, tier_save
from llmconfig.values.errors import EditConflict
from tests.llmconfig.history.threads import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def row(ada):
    return preference_save(preference=Preference(user=ada, max_retries=1), by=ada)


def opened(row):
    """The row as a form of its own holds it."""
    return type(row).objects.get(pk=row.pk)


def save(row, **values):
    expected = row.version
    for name, value in values.items():
        setattr(row, name, value)
    if isinstance(row, Tier):
        return tier_save(tier=row, by=None, expected_version=expected)
    return preference_save(preference=row, by=None, expected_version=expected)


def delete(row):
    if isinstance(row, Tier):
        return tier_delete(tier=row, by=None, expected_version=row.version)
    return preference_delete(preference=row, by=None, expected_version=row.version)


@pytest.mark.parametrize("act", [lambda row: save(row, max_retries=9), delete])
def test_whoever_opened_an_older_version_is_told(act, row):
    first, second = opened(row), opened(row)
    save(first, max_retries=2)
    with pytest.raises(EditConflict, match="you edited version 1, it is at version 2") as told:
        act(second)
    assert (told.value.status, told.value.code) == (409, "edit_conflict")
    assert opened(row).max_retries == 2


@pytest.mark.parametrize("act", [lambda row: save(row, max_retries=9), delete])
def test_whoever_edits_a_row_that_was_deleted_is_told(act, row):
    second = opened(row)
    delete(opened(row))
    with pytest.raises(EditConflict, match=f"preference {row.pk} has been deleted"):
        act(second)
    assert not Preference.objects.exists()


def test_a_deleted_row_is_not_brought_back_by_a_save_that_expects_nothing(row):
    second = opened(row)
    delete(opened(row))
    with pytest.raises(EditConflict, match="deleted"):
        preference_save(preference=second, by=None)


def test_a_second_row_for_a_scope_is_told(row, ada):
    with pytest.raises(EditConflict, match="another row of the same scope"):
        save(Preference(user=ada, max_retries=9))
    assert opened(row).max_retries == 1


def test_a_row_that_moves_to_a_taken_scope_is_told(row):
    other = save(Preference(max_retries=9))
    with pytest.raises(EditConflict, match="same scope"):
        save(other, user=row.user)


def test_a_row_for_a_user_who_was_deleted_is_told(ada):
    row = Preference(user_id=ada.pk, max_retries=1)
    ada.delete()
    with pytest.raises(EditConflict, match="user or group has been deleted"):
        save(row)


def test_after_a_conflict_the_version_of_the_form_is_as_it_was(row):
    second = opened(row)
    save(opened(row), max_retries=2)
    with pytest.raises(EditConflict):
        save(second, max_retries=9)
    assert second.version == 1


def test_tiers_are_kept_from_being_overwritten_too(premium):
    tier = Tier.objects.get()
    second, third = opened(tier), opened(tier)
    save(opened(tier), rank=30)
    with pytest.raises(EditConflict, match="it is at version 1"):
        save(second, rank=40)
    with pytest.raises(EditConflict):
        delete(third)
    delete(opened(tier))
    with pytest.raises(EditConflict, match="deleted"):
        save(second, rank=40)


@pytest.mark.parametrize("what", ["rank", "group"])
def test_tiers_of_one_rank_or_group_are_told(what, premium):
    gold = Group.objects.create(name="gold")
    fields = {"rank": 20, "group": gold} if what == "rank" else {"rank": 30, "group": premium}
    with pytest.raises(EditConflict, match=f"same {what}"):
        save(Tier(**fields))


def kinds(results):
    return sorted(type(result).__name__ for result in results)


@pytest.mark.django_db(transaction=True)
def test_of_many_who_save_one_version_at_once_one_succeeds(row):
    forms = [opened(row) for _ in range(4)]
    results = at_once(
        *(lambda form=form, n=n: save(form, max_retries=n) for n, form in enumerate(forms))
    )
    assert kinds(results) == ["EditConflict"] * 3 + ["Preference"]
    (stored,) = [result for result in results if isinstance(result, Preference)]
    assert (opened(row).max_retries, opened(row).version) == (stored.max_retries, 2)
    assert Preference.history.count() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("scope", ["everyone", "user", "tier"])
def test_of_many_who_make_a_row_for_one_scope_at_once_one_succeeds(scope, ada, premium):
    fields = {"everyone": {}, "user": {"user": ada}, "tier": {"group": premium}}[scope]
    results = at_once(*(lambda n=n: save(Preference(max_retries=n, **fields)) for n in range(4)))
    assert kinds(results) == ["EditConflict"] * 3 + ["Preference"]
    assert {str(error) for error in results if isinstance(error, EditConflict)} == {
        "There is another row of the same scope. Nothing was changed."
    }
    assert Preference.history.count() == Preference.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_save_and_a_deletion_at_once_never_both_succeed(row):
    one, two = opened(row), opened(row)
    saved, deleted = at_once(lambda: save(one, max_retries=9), lambda: delete(two))
    assert isinstance(saved, EditConflict) != isinstance(deleted, EditConflict)
    assert Preference.objects.filter(max_retries=9).exists() != (deleted is None)


@pytest.mark.django_db(transaction=True)
def test_versions_and_entries_of_one_row_match_however_many_save_at_once(row):
    at_once(*(lambda n=n: preference_save(preference=opened(row), by=None) for n in range(6)))
    versions = list(Preference.history.order_by("history_id").values_list("version", flat=True))
    assert versions == [1, 2, 3, 4, 5, 6, 7]
    assert opened(row).version == 7


@pytest.mark.django_db(transaction=True)
def test_a_save_of_a_row_takes_six_statements_and_a_new_one_four(
    ada, row, django_assert_max_num_queries
):
    held = opened(row)
    with django_assert_max_num_queries(6 + len(["BEGIN", "COMMIT"])):
        save(held, max_retries=2)
    with django_assert_max_num_queries(4 + len(["BEGIN", "COMMIT"])):
        save(Preference(user=ada, task_type="TASK_TYPE_DATA_ANALYSIS"))
