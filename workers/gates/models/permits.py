"""Permits: how many attempts may be open at once on a model of a host."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class PermitPool(models.Model):
    """The permits of one (host, model), and what is known of their number.

    A permit itself is held by a run's row (``TaskRun.permit``), under the lease of its claim.
    """

    host = models.CharField(_("host"), max_length=255)
    model = models.CharField(_("model"), max_length=255)
    learned = models.PositiveIntegerField(
        _("learned number"),
        default=1,
        help_text=_("Attempts that the server has worked on at once without queueing one."),
    )
    stated = models.PositiveIntegerField(
        _("stated number"),
        null=True,
        blank=True,
        help_text=_("By LLM_HOST_CONCURRENCY or OLLAMA_NUM_PARALLEL, when this was learned."),
    )
    ceiling = models.PositiveIntegerField(
        _("queued at"),
        null=True,
        blank=True,
        help_text=_("The smallest number of open attempts of which one waited in its queue."),
    )
    longest_seconds = models.FloatField(
        _("longest answer (s)"), null=True, blank=True, help_text=_("Of the recent ones.")
    )
    changed_at = models.DateTimeField(_("changed at"), auto_now=True)

    class Meta:
        verbose_name = _("permit pool")
        verbose_name_plural = _("permit pools")
        ordering = ["host", "model"]
        constraints = [
            models.UniqueConstraint(fields=["host", "model"], name="permit_pool_one_each"),
            models.CheckConstraint(
                name="permit_pool_never_empty", condition=models.Q(learned__gte=1)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} @ {self.host}"
