"""Entries are kept for a time, and go in batches."""

from datetime import timedelta

import pytest
from django.utils import timezone

from llmconfig.audit import retention
from llmconfig.audit.entries import AuditEntry
from llmconfig.audit.retention import entries_prunable, entries_prune

pytestmark = pytest.mark.django_db


def test_what_is_older_goes_batch_by_batch_and_the_rest_stays(monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    now = timezone.now()
    for days in (1, 2, 3, 8, 9, 10, 11, 12):
        AuditEntry.objects.create(moment=now - timedelta(days=days), status=200)
    week_ago = now - timedelta(days=7)
    assert entries_prunable(week_ago) == 5
    assert entries_prune(week_ago) == 5
    assert (AuditEntry.objects.count(), entries_prunable(week_ago)) == (3, 0)
