"""Mails that do not get through: what doctor and status tell of a mail server or a sender that
cannot be used."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Min, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workers.reports.models import MailState, WeeklyReport
from workers.runs.outcomes import one_line

#: A mail that is due for longer was not begun: no mail server answers, or no worker sends.
BEGUN_WITHIN = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True)
class StuckMails:
    """Mails that wait although they should have been sent."""

    count: int
    #: When the first of their reports was written.
    since: datetime
    #: The mail server's last words; "" where it was not reached.
    reason: str

    def __str__(self) -> str:
        text = ngettext(
            "%(count)d mail waits since %(moment)s: %(reason)s",
            "%(count)d mails wait, the first since %(moment)s: %(reason)s",
            self.count,
        )
        return text % {
            "count": self.count,
            "moment": date_format(timezone.localtime(self.since), "Y-m-d H:i"),
            "reason": self.reason or _("no worker has reached the mail server"),
        }


def mails_stuck() -> StuckMails | None:
    """Those that were refused for now, or were not begun in time; None where there are none."""
    if not settings.REPORT_MAIL:
        return None
    not_begun = Q(mail_tries=0, mail_at__lt=Now() - BEGUN_WITHIN)
    stuck = WeeklyReport.objects.filter(
        Q(mail_tries__gt=0) | not_begun, mail_state=MailState.WAITING, written_at__isnull=False
    )
    found = stuck.aggregate(count=Count("pk"), since=Min("written_at"))
    if not found["count"]:
        return None
    words = stuck.exclude(mail_error="").order_by("-mail_at").values_list("mail_error", flat=True)
    return StuckMails(**found, reason=one_line(words.first() or ""))
