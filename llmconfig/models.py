"""Every model of the app: the door that Django looks for, and host projects use."""

from llmconfig.audit.entries import AuditEntry
from llmconfig.cache.owed import OwedInvalidation
from llmconfig.layers.known_file import KnownFile
from llmconfig.tables.models import Preference, Tier

__all__ = ["AuditEntry", "KnownFile", "OwedInvalidation", "Preference", "Tier"]
