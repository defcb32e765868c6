"""What the history keeps of people and groups that are deleted."""

import pytest
from django.db.models.signals import pre_delete
from knox.models import AuthToken

from llmconfig.models import Preference, Tier
from llmconfig.store.services import preference_save
from llmconfig.tables.authorship import authored

pytestmark = pytest.mark.django_db


def written_by(author, **fields):
    preference = Preference(**fields)
    return preference_save(preference=preference, by=author, reason="ada asked for it")


def kinds(model, pk):
    return list(model.history.filter(id=pk).values_list("history_type", flat=True))


def test_the_rows_of_a_deleted_user_end_in_the_history_with_a_number_and_no_texts(ada):
    stated = {"stop": ["Dear Ada"], "seed": 1}
    row = written_by(ada, user=ada, model="qwen3", parameters=stated)
    number = ada.pk
    ada.delete()
    assert kinds(Preference, row.pk) == ["-", "+"]
    for entry in Preference.history.filter(id=row.pk):
        assert (entry.user_id, entry.history_user_id) == (number, None)
        assert entry.history_change_reason is None
        assert (entry.model, entry.parameters) == ("qwen3", {"seed": 1})


def test_what_a_deleted_user_changed_for_others_stays_told_without_the_author(ada):
    row = written_by(ada, max_retries=1)
    ada.delete()
    entry = Preference.history.get(id=row.pk)
    assert (entry.history_user, entry.history_change_reason) == (None, "ada asked for it")


@pytest.fixture
def rows_go_first(ada):
    """Django deletes a user after rows that must name one, and after all it comes across there."""
    AuthToken.objects.create(ada)

    def watch(**_):
        """A model that is watched is not deleted in bulk."""

    pre_delete.connect(watch, sender=AuthToken)
    yield
    pre_delete.disconnect(watch, sender=AuthToken)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("order", [[], ["rows_go_first"]])
def test_who_deletes_their_own_account_leaves_no_foreign_key_behind(order, ada, request):
    for fixture in order:
        request.getfixturevalue(fixture)
    row = written_by(ada, user=ada, max_retries=1, parameters={"stop": ["Dear Ada"]})
    with authored(by=ada, reason="I leave"):
        ada.delete()
    entries = list(Preference.history.filter(id=row.pk))
    assert [entry.history_type for entry in entries] == ["-", "+"]
    for entry in entries:
        assert (entry.history_user_id, entry.history_change_reason) == (None, None)
        assert entry.parameters == {}


def test_deleting_a_group_ends_its_tier_and_its_rows_in_the_history(premium, django_user_model):
    root = django_user_model.objects.create_user("root")
    row = written_by(root, group=premium, max_retries=1)
    tier, number = Tier.objects.get(), premium.pk
    with authored(by=root, source="admin", reason="merged"):
        premium.delete()
    for model, pk in ((Preference, row.pk), (Tier, tier.pk)):
        last = model.history.filter(id=pk).latest("history_id")
        assert (last.history_type, last.group_id, last.history_user) == ("-", number, root)
        assert (last.history_source, last.history_change_reason) == ("admin", "merged")
