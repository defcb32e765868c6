"""Registry of workers: one row each, with the time of its last heartbeat."""

from django.db import models
from django.db.models import Value
from django.utils.translation import gettext_lazy as _


class WorkerNode(models.Model):
    """One Celery worker process by its node name."""

    name = models.CharField(_("name"), max_length=255, unique=True)
    instance = models.UUIDField(_("process"), null=True, editable=False)
    version = models.CharField(_("version"), max_length=50, blank=True, default="")
    queues = models.JSONField(_("queues"), default=list)
    concurrency = models.PositiveIntegerField(_("concurrency"), default=1)
    host = models.CharField(_("model server"), max_length=255, blank=True, default="")
    host_version = models.CharField(
        _("model server's version"), max_length=50, blank=True, default=""
    )
    host_error = models.CharField(
        _("model server's error"),
        max_length=500,
        blank=True,
        default="",
        db_default="",
        help_text=_("Why it did not tell its models; empty while it does."),
    )
    known_models = models.JSONField(_("models"), default=list)
    default_config = models.JSONField(_("default configuration"), default=dict)
    metadata = models.JSONField(
        _("metadata"),
        default=dict,
        # The last release, which does not know the column, still writes rows beside this one.
        db_default=Value({}, models.JSONField()),
        help_text=_("What LLM_WORKER_METADATA states of this worker."),
    )
    metrics_address = models.CharField(_("metrics"), max_length=255, blank=True, default="")
    started_at = models.DateTimeField(_("started at"))
    seen_at = models.DateTimeField(_("last heartbeat"))
    stopped_at = models.DateTimeField(_("stopped at"), null=True, blank=True)

    class Meta:
        verbose_name = _("worker")
        verbose_name_plural = _("workers")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
