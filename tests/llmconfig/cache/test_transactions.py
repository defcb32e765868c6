"""A change counts from its commit on, and one that is rolled back never."""

from contextlib import contextmanager

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction

from llmconfig.cache import invalidation, protocol
from llmconfig.layers import cached_rows
from llmconfig.models import Preference
from tests.llmconfig.conftest import INSIGHT

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def rolled_back():
    """A transaction, or a savepoint inside of one, that is rolled back in the end."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def row(ada, state):
    return state(user=ada, model="old:1")


def model_set(row, model):
    row.model = model
    row.save()


def test_a_change_is_not_seen_by_others_before_its_commit_and_at_once_after(
    ada, row, resolved, elsewhere
):
    assert resolved(ada).model == "old:1"
    with transaction.atomic():
        model_set(row, "new:1")
        assert elsewhere(lambda: resolved(ada).model) == "old:1"
        assert elsewhere(lambda: resolved(ada).model) == "old:1"
    assert elsewhere(lambda: resolved(ada).model) == "new:1"


def test_a_change_that_is_rolled_back_applies_nowhere(ada, row, resolved, elsewhere):
    assert resolved(ada).model == "old:1"
    with rolled_back():
        model_set(row, "new:1")
        assert resolved(ada).model == "new:1"
        assert elsewhere(lambda: resolved(ada).model) == "old:1"
    assert resolved(ada).model == "old:1"
    assert elsewhere(lambda: resolved(ada).model) == "old:1"


def test_a_transaction_reads_what_it_wrote_and_keeps_nothing_of_it(
    ada, row, resolved, commands, django_assert_num_queries
):
    def writes():
        with rolled_back():
            model_set(row, "new:1")
            with django_assert_num_queries(2):
                assert {resolved(ada).model, resolved(ada).model} == {"new:1"}

    resolved(ada)
    assert commands(writes)["set"] <= 1  # the mark


def test_after_a_rollback_the_user_is_kept_again(ada, row, resolved, django_assert_num_queries):
    with rolled_back():
        model_set(row, "new:1")
    resolved(ada)
    with django_assert_num_queries(0):
        assert resolved(ada).model == "old:1"


def test_a_savepoint_that_is_rolled_back_takes_its_change_with_it(ada, row, resolved, elsewhere):
    resolved(ada)
    with transaction.atomic():
        with rolled_back():
            model_set(row, "new:1")
        assert resolved(ada).model == "old:1"
        row.refresh_from_db()
        model_set(row, "newer:1")
        assert elsewhere(lambda: resolved(ada).model) == "old:1"
    assert elsewhere(lambda: resolved(ada).model) == "newer:1"


def test_a_write_that_is_refused_leaves_no_trace(ada, row, resolved, django_assert_num_queries):
    with pytest.raises(IntegrityError):
        Preference.objects.create(user=ada, model="second:1")
    resolved(ada)
    with django_assert_num_queries(0):
        assert resolved(ada).model == "old:1"


def test_what_was_read_before_a_commit_is_not_found_after_it(
    ada, row, resolved, elsewhere, monkeypatch
):
    """The reader reads, the writer commits, the reader keeps what it read."""

    def read_slowly(user_id):
        stored = fetch(user_id)
        monkeypatch.setattr(cached_rows, "stored_fetch", fetch)
        elsewhere(lambda: model_set(Preference.objects.get(), "new:1") or 1)
        return stored

    fetch = cached_rows.stored_fetch
    monkeypatch.setattr(cached_rows, "stored_fetch", read_slowly)
    assert resolved(ada).model == "old:1"
    assert resolved(ada).model == "new:1"
    assert elsewhere(lambda: resolved(ada).model) == "new:1"


def test_what_is_read_while_a_writer_is_at_work_is_not_kept(
    ada, row, resolved, elsewhere, commands
):
    resolved(ada)
    with transaction.atomic():
        model_set(row, "new:1")
        ran = commands(lambda: elsewhere(lambda: resolved(ada)))
    assert ran == {"mget": 1}


def test_the_commit_of_one_writer_does_not_hide_another(ada, row, resolved, elsewhere):
    def commit_another():
        Preference.objects.create(user=ada, task_type=INSIGHT, max_retries=0)
        return True

    with transaction.atomic():
        model_set(row, "new:1")
        assert elsewhere(commit_another)
        config = elsewhere(lambda: resolved(ada))
        assert (config.model, config.max_retries) == ("old:1", 0)
        assert elsewhere(lambda: cached_rows.read(ada.pk).versions) is None
    assert elsewhere(lambda: resolved(ada).model) == "new:1"


def test_a_hook_that_runs_before_ours_decides_by_what_was_committed(ada, row, resolved):
    seen = []
    resolved(ada)
    with transaction.atomic():
        transaction.on_commit(lambda: seen.append(resolved(ada).model))
        model_set(row, "new:1")
    assert seen == ["new:1"]


def test_an_old_snapshot_is_not_kept_as_the_present(ada, row, resolved, elsewhere, monkeypatch):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        monkeypatch.setattr(connection, "isolation_level", 3)
        Preference.objects.count()  # takes the snapshot
        elsewhere(lambda: model_set(Preference.objects.get(), "new:1") or 1)
        assert resolved(ada).model == "old:1"
    monkeypatch.undo()
    assert resolved(ada).model == "new:1"


def test_a_save_outside_of_transactions_is_marked_too(
    ada, premium, state, configure, resolved, elsewhere, monkeypatch
):
    """A group's name decides on what the file says for its members."""
    configure('user_preferences: {premium_model: "pro:1"}')
    ada.groups.add(premium)
    assert resolved(ada).model == "pro:1"
    seen = []
    save_table = Group._save_table

    def save_slowly(self, *args, **kwargs):
        seen.append(elsewhere(lambda: cached_rows.read(ada.pk).versions) is None)
        return save_table(self, *args, **kwargs)

    monkeypatch.setattr(Group, "_save_table", save_slowly)
    premium.name = "basic"
    premium.save()
    assert seen == [True]
    assert resolved(ada).model == "llama3.2:3b"


def test_a_writer_that_is_killed_after_its_commit_leaves_nothing_old(
    ada, row, resolved, other_process, monkeypatch
):
    process = other_process()
    assert resolved(ada).model == "old:1"
    process.kill_by("save_and_die", ada.pk, "new:1")
    assert resolved(ada).model == "new:1"
    assert cached_rows.read(ada.pk).versions is None, "its mark is there"


def test_nor_is_anything_old_found_when_the_mark_of_a_killed_writer_ends(
    ada, row, resolved, raw, keys, other_process
):
    process = other_process()
    assert resolved(ada).model == "old:1"
    process.kill_by("save_and_die", ada.pk, "new:1")
    (mark,) = keys(f"user:{ada.pk}")
    assert raw.get(mark).startswith(b"!")
    raw.pexpire(mark, 0)
    assert resolved(ada).model == "new:1"
    assert cached_rows.read(ada.pk).versions is not None


def test_a_long_transaction_renews_its_mark_when_it_writes(ada, row, raw, keys, monkeypatch):
    monkeypatch.setattr(invalidation, "RENEW_SECONDS", 0)
    with transaction.atomic():
        model_set(row, "new:1")
        (mark,) = keys(f"user:{ada.pk}")
        raw.expire(mark, 1)
        model_set(row, "newer:1")
        assert raw.ttl(mark) > protocol.LIFETIME_SECONDS - 10
