"""Rollbacks and saves at once: one after the other, never a mix."""

import pytest
from django.contrib.auth.models import Group
from django.db.models.signals import post_save, pre_delete

from llmconfig.history import rollback
from llmconfig.history.rollback import everything_rollback, row_rollback
from llmconfig.models import Preference, Tier
from llmconfig.store.services import preference_delete, preference_save, tier_save
from llmconfig.values.errors import EditConflict
from tests.llmconfig.conftest import INSIGHT
from tests.llmconfig.history.conftest import moment
from tests.llmconfig.history.threads import Work, at_once, held, wait_until_blocked

pytestmark = pytest.mark.django_db(transaction=True)

URL = "/v1/users/llm-config"


@pytest.fixture
def rows(ada, root):
    """Two rows that say 1, and the moment before they said 2."""
    rows = [
        preference_save(preference=Preference(user=user, max_retries=1), by=None)
        for user in (ada, root)
    ]
    then = moment()
    for row in rows:
        row.max_retries = 2
        preference_save(preference=row, by=None)
    return then, *rows


def save(row, retries):
    fresh = Preference.objects.get(pk=row.pk)
    fresh.max_retries = retries
    return preference_save(preference=fresh, by=None, expected_version=fresh.version)


def retries():
    return list(Preference.objects.order_by("pk").values_list("max_retries", flat=True))


def back(then):
    return everything_rollback(moment=then, by=None)


def test_a_rollback_waits_for_a_save_that_has_begun(rows):
    then, one, _ = rows
    with held(post_save, Preference) as reached:
        saving = Work(lambda: save(one, 3))
        reached()
        returning = Work(lambda: back(then))
        wait_until_blocked()
    assert saving.result.max_retries == 3
    assert len(returning.result.steps) == 2
    assert retries() == [1, 1]


def test_a_save_waits_for_a_rollback_that_has_begun_and_is_told(rows):
    then, _, two = rows
    form = Preference.objects.get(pk=two.pk)
    with held(post_save, Preference) as reached:
        returning = Work(lambda: back(then))
        reached()
        saving = Work(
            lambda: preference_save(preference=form, by=None, expected_version=form.version)
        )
        wait_until_blocked()
    assert len(returning.result.steps) == 2
    assert isinstance(saving.result, EditConflict)
    assert retries() == [1, 1]


def test_a_user_s_own_edit_waits_for_a_rollback_and_is_told(rows, api):
    then, *_ = rows
    etag = api.get(URL).headers["ETag"]
    with held(post_save, Preference) as reached:
        returning = Work(lambda: back(then))
        reached()
        putting = Work(lambda: api.put(URL, {"max_retries": 9}, headers={"If-Match": etag}))
        wait_until_blocked()
    assert len(returning.result.steps) == 2
    assert putting.result.status_code == 412
    assert retries() == [1, 1]


def test_a_rollback_waits_for_a_user_s_own_edit(rows, api):
    then, *_ = rows
    with held(post_save, Preference) as reached:
        putting = Work(lambda: api.put(URL, {"task_type_configs": {INSIGHT: {"max_retries": 9}}}))
        reached()
        returning = Work(lambda: back(then))
        wait_until_blocked()
    assert putting.result.status_code == 200
    assert returning.result.refused == ()
    assert retries() == [1, 1]


def test_two_rollbacks_come_one_after_the_other(rows):
    then, *_ = rows
    with held(post_save, Preference) as reached:
        first = Work(lambda: back(then))
        reached()
        second = Work(lambda: back(then))
        wait_until_blocked()
    assert (len(first.result.steps), len(second.result.steps)) == (2, 0)
    assert list(Preference.objects.values_list("version", flat=True)) == [3, 3]


def test_of_two_who_bring_a_deleted_row_back_one_finds_it_done(rows):
    _, one, _ = rows
    number = one.pk
    preference_delete(preference=one, by=None)
    results = at_once(
        *[lambda: row_rollback(model=Preference, row_id=number, to_version=1, by=None)] * 2
    )
    assert sorted(len(plan.steps) for plan in results) == [0, 1]
    assert Preference.objects.get(pk=number).version == 4


def test_reading_does_not_wait_for_a_rollback(rows, api):
    then, *_ = rows
    with held(post_save, Preference) as reached:
        returning = Work(lambda: back(then))
        reached()
        assert Work(lambda: api.get(URL)).result.status_code == 200
    assert returning.result.refused == ()


def test_a_rollback_that_waits_too_long_is_told_and_changes_nothing(rows, monkeypatch):
    then, one, _ = rows
    monkeypatch.setattr(rollback, "LOCK_TIMEOUT_SECONDS", 0.1)
    with held(post_save, Preference) as reached:
        saving = Work(lambda: save(one, 3))
        reached()
        with pytest.raises(EditConflict, match="Others are saving"):
            back(then)
    assert saving.result.max_retries == 3
    assert retries() == [3, 2]


def test_a_group_that_is_being_deleted_and_a_rollback_come_one_after_the_other(premium):
    row = preference_save(preference=Preference(group=premium, max_retries=1), by=None)
    tier, then = Tier.objects.get(), moment()
    tier.rank = 30
    tier_save(tier=tier, by=None)
    row.max_retries = 2
    preference_save(preference=row, by=None)
    with held(pre_delete, Tier) as reached:
        deleting = Work(lambda: Group.objects.get().delete())
        reached()
        returning = Work(lambda: everything_rollback(moment=then, by=None, skip_refused=True))
        wait_until_blocked()
    assert not isinstance(deleting.result, Exception)
    assert len(returning.result.refused) == 2
    assert not Tier.objects.exists()
    assert not Preference.objects.exists()


def test_saves_of_many_at_once_and_rollbacks_leave_one_state_of_the_history(rows, ada, root):
    then, *_ = rows
    users = [ada, root]

    def edit(number):
        for retry in range(4):
            row = Preference.objects.filter(user=users[number % 2]).first()
            if row is not None:
                row.max_retries = retry
                preference_save(preference=row, by=None)

    results = at_once(
        *(lambda number=number: edit(number) for number in range(3)),
        *(lambda: back(then) for _ in range(2)),
    )
    assert [each for each in results if isinstance(each, Exception)] == []
    for row in Preference.objects.all():
        last = Preference.history.filter(id=row.pk).latest("history_id")
        assert (last.version, last.max_retries) == (row.version, row.max_retries)
    back(then)
    assert retries() == [1, 1]


def test_saves_do_not_wait_while_a_rollback_is_planned(rows, monkeypatch):
    then, one, _ = rows
    plan_at, saved = rollback.plan_at, []

    def plan_beside_a_save(moment):
        plan = plan_at(moment)
        if len(saved) < rollback.PLANS - 1:
            saved.append(Work(lambda: save(one, 5 + len(saved))).result)
        return plan

    monkeypatch.setattr(rollback, "plan_at", plan_beside_a_save)
    plan = back(then)
    assert [each.max_retries for each in saved] == [5, 6]
    # What was saved meanwhile is returned too: it was planned anew, at last alone.
    assert {step.before["max_retries"] for step in plan.steps} == {6, 2}
    assert retries() == [1, 1]
