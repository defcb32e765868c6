"""Pauses: a queue or a model whose runs wait until staff resume it."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Pause(models.Model):
    """While the row exists, runs of the queue or model are parked."""

    class Kind(models.TextChoices):
        QUEUE = "queue", _("queue")
        MODEL = "model", _("model")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    name = models.CharField(_("name"), max_length=255)
    reason = models.CharField(_("reason"), max_length=500, blank=True, default="")
    created_at = models.DateTimeField(_("since"), default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        null=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    class Meta:
        verbose_name = _("pause")
        verbose_name_plural = _("pauses")
        ordering = ["kind", "name"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "name"], name="pause_one_each"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.name}"
