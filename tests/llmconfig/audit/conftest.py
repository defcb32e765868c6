"""What the audit trail tells."""

import pytest

from llmconfig.audit.entries import AuditEntry


@pytest.fixture
def trail(db):
    """The entries so far, the newest last; or values of some fields of each."""

    def told(*fields):
        entries = AuditEntry.objects.order_by("pk")
        return list(entries.values_list(*fields)) if fields else list(entries)

    return told
