"""Responses kept for idempotency keys."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class KeptAnswer(models.Model):
    """What a batch was answered. A single task needs none: its run is its answer."""

    key = models.CharField(_("idempotency key"), max_length=200, unique=True, editable=False)
    request_hash = models.CharField(_("request hash"), max_length=64, editable=False)
    body = models.JSONField(_("answer"), editable=False)
    created_at = models.DateTimeField(
        _("created at"), default=timezone.now, db_index=True, editable=False
    )

    class Meta:
        verbose_name = _("kept answer")
        verbose_name_plural = _("kept answers")

    def __str__(self) -> str:
        return self.key
