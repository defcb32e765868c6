"""How long the audit trail is kept: ``AUDIT_RETENTION_DAYS`` (365 by default)."""

from datetime import datetime

from llmconfig.audit.entries import AuditEntry

BATCH = 5_000


def entries_prune(before: datetime) -> int:
    """Delete the entries older than a moment, some thousand in one transaction; their number."""
    oldest = AuditEntry.objects.filter(moment__lt=before).order_by("moment")
    deleted = 0
    while batch := list(oldest.values_list("pk", flat=True)[:BATCH]):
        deleted += AuditEntry.objects.filter(pk__in=batch).delete()[0]
    return deleted


def entries_prunable(before: datetime) -> int:
    """How many ``entries_prune`` would delete."""
    return AuditEntry.objects.filter(moment__lt=before).count()
