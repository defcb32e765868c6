"""Rows of fan-outs, and of users whose report was refused."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.lookups import IsNull
from django.utils.translation import gettext_lazy as _


class FanOut(models.Model):
    """One look for reports that are due at a moment. It goes over users by their numbers; whoever
    takes it up goes on after the last one."""

    moment = models.DateTimeField(_("due at"))
    started_at = models.DateTimeField(_("started at"), auto_now_add=True)
    seen_at = models.DateTimeField(_("last progress"), auto_now=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, editable=False)
    after_user = models.BigIntegerField(_("up to user"), default=0)
    #: Who has been active at all lately, and has no report yet.
    looked_at = models.PositiveIntegerField(_("looked at"), default=0)
    due = models.PositiveIntegerField(
        _("due"), default=0, help_text=_("Reports that there is something to write in.")
    )
    made = models.PositiveIntegerField(_("made"), default=0)
    refused = models.PositiveIntegerField(_("refused"), default=0)
    reasons = models.JSONField(_("reasons"), default=dict, blank=True)
    deliveries = models.PositiveIntegerField(_("deliveries"), default=0)

    class Meta:
        verbose_name = _("fan-out")
        verbose_name_plural = _("fan-outs")
        ordering = ["-moment", "-pk"]
        constraints = [
            # All that go on have the same value here: there is one of them.
            models.UniqueConstraint(
                IsNull(F("finished_at"), True),
                name="fan_out_one_goes_on",
                condition=Q(finished_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"{self.moment:%Y-%m-%d %H:%M} UTC"


class ReportRefusal(models.Model):
    """A report that was due and was refused, for want of a model for example; it is tried again."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="report_refusals",
        verbose_name=_("user"),
    )
    week = models.CharField(_("week"), max_length=8)
    code = models.CharField(_("code"), max_length=50)
    detail = models.CharField(_("reason"), max_length=500)
    tried_at = models.DateTimeField(_("last tried at"))

    class Meta:
        verbose_name = _("refused report")
        verbose_name_plural = _("refused reports")
        ordering = ["-tried_at", "user"]
        constraints = [
            models.UniqueConstraint(fields=["user", "week"], name="report_refusal_once_a_week")
        ]

    def __str__(self) -> str:
        return f"{self.week} {self.user}: {self.code}"
