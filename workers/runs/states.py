"""The states of a run (``status`` on the wire), of a worker, and of a model on it."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Status(TextChoices):
    PENDING = "pending", _("pending")
    QUEUED = "queued", _("queued")
    RUNNING = "running", _("running")
    RETRYING = "retrying", _("retrying")
    SUCCEEDED = "succeeded", _("succeeded")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")
    EXPIRED = "expired", _("expired")


FINAL = (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED, Status.EXPIRED)
FAILED = (Status.FAILED, Status.CANCELLED, Status.EXPIRED)
OPEN = (Status.PENDING, Status.QUEUED, Status.RUNNING, Status.RETRYING)


class NodeState(TextChoices):
    """A worker that ends says so; one that only falls silent is gone."""

    LIVE = "live", _("live")
    GONE = "gone", _("gone")
    STOPPED = "stopped", _("stopped")


class ModelState(TextChoices):
    """How a model is on one worker."""

    LOADED = "loaded", _("loaded")
    PRESENT = "present", _("present")
    MISSING = "missing", _("missing")
    UNUSABLE = "unusable", _("cannot be used")
    UNREACHABLE = "unreachable", _("model server does not answer")
