"""The table only grows: entries stay as they are, and outlive their users."""

import pytest
from django.contrib.auth import get_user_model
from django.db import DatabaseError, transaction

from llmconfig.audit.entries import AuditEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry():
    user = get_user_model().objects.create_user("ada")
    return AuditEntry.objects.create(
        user=user, username="ada", method="PUT", operation="user-llm-config", status=200
    )


def test_no_program_changes_an_entry(entry):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEntry.objects.update(status=201)
    entry.status = 201
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        entry.save()


def test_an_entry_keeps_name_and_number_of_a_user_who_was_deleted(entry):
    number = entry.user_id
    get_user_model().objects.get().delete()
    kept = AuditEntry.objects.get()
    assert (kept.username, kept.user_id) == ("ada", number)
