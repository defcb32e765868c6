"""What is recorded, whoever writes."""

import json
import threading

import pytest
from django.core.management import call_command
from django.db import DataError, NotSupportedError, transaction
from django.db.models.signals import post_delete, post_save

from llmconfig.history.entries import (
    preference_at_version,
    preference_history,
    tier_at_version,
    tier_history,
)
from llmconfig.models import Preference, Tier
from llmconfig.store.scopes import Scope
from llmconfig.store.services import (
    preference_delete,
    preference_save,
    preferences_change,
    preferences_reset,
    tier_delete,
    tier_save,
)
from llmconfig.tables.authorship import authored, current_source
from llmconfig.values.errors import InvalidPreference, ModelNotAllowed, UnknownVersion
from tests.llmconfig.conftest import INSIGHT

pytestmark = pytest.mark.django_db


def told(entry):
    return entry.place, entry.kind, entry.by, entry.source, entry.reason


def changes(entry):
    return {change.field: (change.old, change.new) for change in entry.changes}


def test_every_change_tells_who_from_where_and_why(ada, root):
    row = preference_save(
        preference=Preference(user=ada, max_retries=1), by=root, source="admin", reason="trial"
    )
    number, row.max_retries = row.pk, 2
    preference_save(preference=row, by=ada, source="api")
    preference_delete(preference=row, by=None, source="command", reason=" done ")
    assert list(map(told, preference_history(row_id=number))) == [
        (f"preference {number} v3", "deleted", None, "command", "done"),
        (f"preference {number} v2", "changed", "ada", "api", None),
        (f"preference {number} v1", "created", "root", "admin", "trial"),
    ]


def test_a_change_is_told_field_by_field_old_and_new(ada):
    stated = {"temperature": 0.5, "seed": 1}
    row = preference_save(
        preference=Preference(user=ada, fallback_model="", parameters=stated), by=ada
    )
    row.fallback_model, row.model, row.parameters = None, "qwen3", {"temperature": 0, "top_k": 4}
    preference_save(preference=row, by=ada)
    row.user = None
    preference_save(preference=row, by=ada)
    number, ada_id = row.pk, ada.pk
    preference_delete(preference=row, by=ada)
    deleted, moved, changed, created = preference_history(row_id=number)
    assert changes(created) == {
        "fallback_model": (None, ""),
        "parameters.temperature": (None, 0.5),
        "parameters.seed": (None, 1),
    }
    assert changes(changed) == {
        "model": (None, "qwen3"),
        "fallback_model": ("", None),
        "parameters.temperature": (0.5, 0),
        "parameters.seed": (1, None),
        "parameters.top_k": (None, 4),
    }
    assert changes(moved) == {"user_id": (ada_id, None)}
    assert changes(deleted) == {
        "model": ("qwen3", None),
        "parameters.temperature": (0, None),
        "parameters.top_k": (4, None),
    }


def test_tiers_have_a_history_of_their_own(premium, root):
    row = Tier.objects.get()
    row.rank, row.allowed_models = 30, ["qwen3"]
    tier_save(tier=row, by=root, source="admin", reason="new plan")
    number = row.pk
    tier_delete(tier=row, by=root, source="admin")
    deleted, changed, _ = tier_history(row_id=number)
    assert told(changed) == (f"tier {number} v1", "changed", "root", "admin", "new plan")
    assert changes(changed) == {"rank": (20, 30), "allowed_models": (None, ["qwen3"])}
    assert (deleted.kind, deleted.scope) == ("deleted", "tier premium")
    assert tier_at_version(number, 1) == changed


def test_a_users_document_is_one_change_of_several_rows(ada):
    scope = Scope(user_id=ada.pk)
    document = {"max_retries": 1, "task_type_configs": {INSIGHT: {"max_retries": 2}}}
    preferences_change(scope=scope, change=lambda _: document, by=ada, source="api", reason="mine")
    preferences_reset(scope=scope, by=ada, source="api")
    *reset, _first, _second = preference_history(user_id=ada.pk)
    entries = preference_history(user_id=ada.pk)
    assert [entry.kind for entry in entries] == ["deleted", "deleted", "created", "created"]
    assert {entry.reason for entry in entries[2:]} == {"mine"}
    assert len({entry.at for entry in entries}) == 2
    assert {(entry.by, entry.source) for entry in entries} == {("ada", "api")}
    assert reset == entries[:2]


def test_an_old_place_is_explained_by_the_history(ada, root):
    row = preference_save(preference=Preference(user=ada, model="qwen3"), by=root)
    row.model = "llama3.2:1b"
    preference_save(preference=row, by=ada)
    entry = preference_at_version(row.pk, 1)
    assert (entry.state["model"], entry.by, entry.scope) == ("qwen3", "root", "user ada")
    with pytest.raises(UnknownVersion):
        preference_at_version(row.pk, 3)


@pytest.mark.parametrize("rows", [2, 8])
def test_the_history_is_read_in_four_queries(rows, ada, premium, django_assert_num_queries):
    for scope in ({"user": ada}, {"group": premium}):
        row = Preference(**scope)
        for _ in range(rows):
            preference_save(preference=row, by=ada)
    with django_assert_num_queries(4):
        assert len(preference_history()) == 2 * rows


def test_what_a_refusal_takes_back_leaves_no_entry(ada):
    with pytest.raises(ModelNotAllowed):
        preference_save(preference=Preference(user=ada, model="phi4"), by=ada)
    with transaction.atomic():
        preference_save(preference=Preference(user=ada), by=ada)
        transaction.set_rollback(True)
    assert not Preference.history.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("write", ["save", "create", "update", "delete", "bulk_create"])
def test_what_cannot_be_recorded_is_not_done(write, ada):
    row = Preference.objects.create(max_retries=1)
    writes = {
        "save": row.save,
        "create": lambda: Preference.objects.create(user=ada),
        "update": lambda: Preference.objects.update(max_retries=2),
        "delete": row.delete,
        "bulk_create": lambda: Preference.objects.bulk_create([Preference(user=ada)]),
    }
    before = list(Preference.objects.values())
    with authored(by=None, source="x" * 21), pytest.raises(DataError):
        writes[write]()
    assert list(Preference.objects.values()) == before


@pytest.mark.parametrize("reason", ["x" * 101, "two\nlines", "\x00", "\x1b[2J"])
def test_a_reason_is_one_line_of_at_most_100_characters(reason, ada):
    with pytest.raises(InvalidPreference) as refused:
        preference_save(preference=Preference(user=ada), by=ada, reason=reason)
    assert list(refused.value.errors) == ["reason"]
    preference_save(preference=Preference(user=ada), by=ada, reason="x" * 100)


def test_plain_saves_are_recorded_and_counted():
    row = Preference.objects.create(max_retries=1)
    row.max_retries = 2
    row.save(update_fields=["max_retries"])
    row.delete()
    kinds = [(entry.kind, entry.version, entry.source) for entry in preference_history()]
    assert kinds == [("deleted", 2, "code"), ("changed", 1, "code"), ("created", 0, "code")]


def test_writes_of_many_rows_are_recorded_and_counted(ada, root):
    with authored(by=root, source="command", reason="bulk"):
        Preference.objects.bulk_create([Preference(user=ada), Preference(user=root)])
        Preference.objects.filter(user__username="ada").update(max_retries=1)
        row = Preference.objects.get(user=root)
        row.max_retries = 2
        Preference.objects.bulk_update([row], ["max_retries"])
    entries = preference_history()
    assert [(entry.kind, entry.version, entry.scope) for entry in entries] == [
        ("changed", 1, "user root"),
        ("changed", 1, "user ada"),
        ("created", 0, "user root"),
        ("created", 0, "user ada"),
    ]
    assert {told(entry)[2:] for entry in entries} == {("root", "command", "bulk")}
    assert list(Preference.objects.values_list("version", flat=True)) == [1, 1]
    assert changes(entries[0]) == {"max_retries": (None, 2)}


@pytest.mark.parametrize("conflicts", ["ignore_conflicts", "update_conflicts"])
def test_writes_that_do_not_tell_what_they_write_are_refused(conflicts):
    with pytest.raises(NotSupportedError, match="History"):
        Preference.objects.bulk_create([Preference()], **{conflicts: True})


def test_forgetting_who_edited_a_row_is_no_change(ada):
    row = preference_save(preference=Preference(max_retries=1), by=ada)
    ada.delete()
    row.refresh_from_db()
    assert (row.version, row.updated_by) == (1, None)
    assert len(preference_history(row_id=row.pk)) == 1


def test_fixtures_are_recorded(tmp_path):
    path = tmp_path / "rows.json"
    fields = {"max_retries": 1, "version": 7, "updated_at": "2026-11-01T00:00:00Z"}
    path.write_text(json.dumps([{"model": "llmconfig.preference", "pk": 5, "fields": fields}]))
    call_command("loaddata", path, verbosity=0)
    assert [told(entry) for entry in preference_history()] == [
        ("preference 5 v7", "created", None, "code", None)
    ]


def test_a_deletion_tells_what_was_stored_and_not_what_was_held(ada):
    row = preference_save(preference=Preference(user=ada, max_retries=1), by=ada)
    held = Preference.objects.get()
    row.max_retries = 2
    preference_save(preference=row, by=ada)
    held.delete()
    entry = preference_history()[0]
    assert (entry.version, changes(entry)) == (3, {"max_retries": (2, None)})


def test_services_send_the_signals_of_django(ada):
    seen = []

    def saved(instance, created, **_):
        seen.append("created" if created else "changed")

    def deleted(instance, **_):
        seen.append("deleted")

    post_save.connect(saved, sender=Preference)
    post_delete.connect(deleted, sender=Preference)
    try:
        row = preference_save(preference=Preference(user=ada), by=ada)
        preference_save(preference=row, by=ada)
        preference_delete(preference=row, by=ada)
    finally:
        post_save.disconnect(saved, sender=Preference)
        post_delete.disconnect(deleted, sender=Preference)
    assert seen == ["created", "changed", "deleted"]


def test_an_inner_unit_keeps_source_and_reason_of_the_outer_one(ada, root):
    with authored(by=root, source="admin", reason="import"):
        preference_save(preference=Preference(user=ada), by=ada)
    assert told(preference_history()[0])[2:] == ("ada", "admin", "import")


def test_who_and_where_do_not_leak_into_other_threads_or_what_follows(root):
    seen = []
    with authored(by=root, source="admin"):
        thread = threading.Thread(target=lambda: seen.append(current_source()))
        thread.start()
        thread.join()
        assert current_source() == "admin"
    assert (seen, current_source()) == (["code"], "code")


def test_a_request_tells_who_and_where_for_whatever_it_changes(staff, ada):
    row = preference_save(preference=Preference(user=ada, max_retries=1), by=ada)
    number = row.pk
    answer = staff.post(f"/admin/auth/user/{ada.pk}/delete/", {"post": "yes"})
    assert answer.status_code == 302
    entry = preference_history(row_id=number)[0]
    assert (entry.kind, entry.by, entry.source) == ("deleted", "root", "admin")


def test_the_api_is_named_as_source(api, ada):
    api.put("/v1/users/llm-config", {"max_retries": 1})
    api.delete("/v1/users/llm-config")
    entries = preference_history()
    assert {(entry.by, entry.source) for entry in entries} == {("ada", "api")}
    assert [entry.kind for entry in entries] == ["deleted", "created"]
