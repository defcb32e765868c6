"""Circuit breakers: one row for each (host, model) that has failed lately."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Breaker(models.Model):
    """Closed while ``open_until`` is null, open until then, half-open from then on.

    ``probe_token`` is the claim of the run that probes; it counts while that claim lives, and no
    longer than the call may take.
    """

    host = models.CharField(_("host"), max_length=255)
    model = models.CharField(_("model"), max_length=255)
    failures = models.PositiveIntegerField(_("consecutive failures"), default=0)
    open_until = models.DateTimeField(_("open until"), null=True, blank=True)
    probe_token = models.UUIDField(_("probe"), null=True, editable=False)
    probe_expires_at = models.DateTimeField(_("probe until"), null=True, editable=False)
    last_reason = models.CharField(_("last reason"), max_length=500, blank=True, default="")
    changed_at = models.DateTimeField(_("changed at"), auto_now=True)

    class Meta:
        verbose_name = _("breaker")
        verbose_name_plural = _("breakers")
        ordering = ["host", "model"]
        constraints = [
            models.UniqueConstraint(fields=["host", "model"], name="breaker_one_each"),
        ]

    def __str__(self) -> str:
        return f"{self.model} @ {self.host}"
