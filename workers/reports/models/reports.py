"""Rows of report settings and weekly reports."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q, Value
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from workers.runs.models.runs import TaskRun


class Weekday(models.IntegerChoices):
    """Days as ISO 8601 numbers them."""

    MONDAY = 1, _("Monday")
    TUESDAY = 2, _("Tuesday")
    WEDNESDAY = 3, _("Wednesday")
    THURSDAY = 4, _("Thursday")
    FRIDAY = 5, _("Friday")
    SATURDAY = 6, _("Saturday")
    SUNDAY = 7, _("Sunday")


class Delivery(models.TextChoices):
    """How a report reaches its person, beside its page."""

    MAIL = "mail", _("by mail")
    PAGE = "page", _("only on the page")


class MailState(models.TextChoices):
    """Where the mail of a report stands. It is ``sending`` before the mail server is asked, so
    that a process that dies there leaves ``unknown`` and never a second mail."""

    NONE = "none", _("no mail")
    WAITING = "waiting", _("to be sent")
    SENDING = "sending", _("being sent")
    SENT = "sent", _("sent")
    REFUSED = "refused", _("refused for good")
    UNKNOWN = "unknown", _("outcome unknown")


class ReportSettings(models.Model):
    """When and how one person gets the weekly report. Who has no row gets the defaults."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        primary_key=True,
        on_delete=models.CASCADE,
        related_name="report_settings",
        verbose_name=_("user"),
    )
    enabled = models.BooleanField(_("weekly report"), default=True)
    weekday = models.PositiveSmallIntegerField(
        _("weekday"), choices=Weekday.choices, default=Weekday.MONDAY
    )
    hour = models.PositiveSmallIntegerField(
        _("hour"), default=7, help_text=_("0 to 23, in the time zone.")
    )
    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        blank=True,
        default="",
        help_text=_("A name of the IANA database, for example Europe/Berlin; empty: the server's."),
    )
    language = models.CharField(
        _("language"),
        max_length=35,
        blank=True,
        default="",
        help_text=_("A language tag, for example de; empty: the server's."),
    )
    delivery = models.CharField(
        _("delivery"), max_length=10, choices=Delivery.choices, default=Delivery.MAIL
    )
    updated_at = models.DateTimeField(_("changed at"), auto_now=True)

    class Meta:
        verbose_name = _("report settings")
        verbose_name_plural = _("report settings")
        ordering = ["user"]
        constraints = [
            models.CheckConstraint(
                name="report_settings_weekday", condition=Q(weekday__gte=1, weekday__lte=7)
            ),
            models.CheckConstraint(name="report_settings_hour", condition=Q(hour__lte=23)),
            models.CheckConstraint(
                name="report_settings_delivery", condition=Q(delivery__in=Delivery.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_weekday_display()} {self.hour:02d}:00"


class WeeklyReport(models.Model):
    """One person's report of one ISO week: there is at most one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="weekly_reports",
        verbose_name=_("user"),
    )
    week = models.CharField(_("week"), max_length=8, help_text=_("ISO 8601, for example 2026-W47."))
    #: The week's first moment and the next week's, in the person's time zone.
    starts_at = models.DateTimeField(_("starts at"))
    ends_at = models.DateTimeField(_("ends at"))
    time_zone = models.CharField(_("time zone"), max_length=64)
    language = models.CharField(_("language"), max_length=35)
    run = models.ForeignKey(
        TaskRun,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="reports",
        verbose_name=_("run"),
        help_text=_("Which writes, or wrote, the text."),
    )
    #: Kept when the run is pruned.
    content = models.TextField(_("text"), blank=True, default="", help_text=_("Markdown."))
    facts = models.JSONField(_("facts"), default=dict, blank=True)
    notes = models.JSONField(
        _("notes"),
        default=list,
        # The last release, which does not know the column, still writes rows beside this one.
        db_default=Value([], models.JSONField()),
        blank=True,
        editable=False,
        help_text=_("What to know about how the text was written."),
    )
    created_at = models.DateTimeField(_("asked for at"), default=timezone.now, editable=False)
    written_at = models.DateTimeField(_("written at"), null=True, editable=False)

    mail_state = models.CharField(
        _("mail"), max_length=10, choices=MailState.choices, default=MailState.NONE
    )
    mail_tries = models.PositiveIntegerField(_("tries"), default=0, editable=False)
    #: When the next try is due, or when the present one began.
    mail_at = models.DateTimeField(_("mail at"), null=True, editable=False)
    mail_error = models.CharField(_("mail's error"), max_length=500, blank=True, default="")

    class Meta:
        verbose_name = _("weekly report")
        verbose_name_plural = _("weekly reports")
        ordering = ["-starts_at", "-created_at"]
        indexes = [
            models.Index(fields=["user", "-starts_at"], name="report_of_user"),
            models.Index(
                fields=["mail_at"],
                name="report_mail_due",
                condition=Q(mail_state__in=["waiting", "sending"]),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["user", "week"], name="report_once_a_week"),
            models.CheckConstraint(
                name="report_week_named", condition=Q(week__regex=r"^[0-9]{4}-W[0-5][0-9]$")
            ),
            models.CheckConstraint(
                name="report_mail_state_known", condition=Q(mail_state__in=MailState.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.week} {self.user}"
