"""Sending the mails that wait: each at most once.

A report is marked as being sent, and that is committed, before the mail server hears of it. What
the server refuses is tried again, or not, as it says; where nobody knows whether it took a mail
(the connection or this process ended), the report says so, and no second one is sent.
"""

import logging
from datetime import timedelta

from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_noop

from llmconfig.database.conflicts import conflicts_retried
from workers.reports.delivery.messages import message_of
from workers.reports.delivery.outcomes import Outcome, Verdict, verdict_of, wait_after
from workers.reports.models import MailState, WeeklyReport
from workers.runs.outcomes import one_line

logger = logging.getLogger(__name__)

#: Nothing that sends takes so long: whoever marked the report is gone.
LOST_AFTER = timedelta(minutes=10)
#: A mail about last week that could not be sent for so long is not wanted any more.
GIVEN_UP_AFTER = timedelta(days=3)


def mails_waiting() -> QuerySet[WeeklyReport]:
    """Reports whose mail is due."""
    return WeeklyReport.objects.filter(mail_state=MailState.WAITING, mail_at__lte=Now())


def mail_send_next(server: BaseEmailBackend) -> bool:
    """Send one mail that is due, over a connection opened for it; False when none is."""
    report = _mark()
    if report is None:
        return False
    message = message_of(report)
    if message is None:
        _write(report, MailState.NONE, "")
        return True
    try:
        message.message().as_bytes()
    except (ValueError, LookupError) as error:  # a header or an address that cannot be written
        _record(report, Verdict(outcome=Outcome.REFUSED, reason=f"The mail is not valid: {error}"))
        return True
    # None is held while the mail server works: the connection goes back to the pool.
    connection.close()
    try:
        server.send_messages([message])
        verdict = Verdict(outcome=Outcome.SENT)
    except Exception as error:  # each mail backend has errors of its own
        verdict = verdict_of(error)
    _record(report, verdict)
    return True


def mails_tidy() -> None:
    """Tell of mails whose sender is gone, and give up those that nobody could send for days."""
    lost = WeeklyReport.objects.filter(
        mail_state=MailState.SENDING, mail_at__lt=Now() - LOST_AFTER
    ).update(
        mail_state=MailState.UNKNOWN,
        mail_error=gettext_noop("The process that sent it ended before the mail server answered."),
    )
    if lost:
        logger.warning("Of %d mails nobody knows whether they were sent", lost)
    WeeklyReport.objects.filter(
        mail_state=MailState.WAITING, mail_at__lt=Now() - GIVEN_UP_AFTER
    ).update(
        mail_state=MailState.REFUSED,
        mail_error=gettext_noop("No mail server took it for three days."),
    )


def mails_again(reports: QuerySet[WeeklyReport]) -> int:
    """Send these mails once more, as a person decided who knows of the risk of a second copy; the
    number of those that were refused or unknown, which alone are sent."""
    over = reports.filter(mail_state__in=(MailState.REFUSED, MailState.UNKNOWN))
    return over.exclude(written_at=None).update(
        mail_state=MailState.WAITING, mail_at=Now(), mail_tries=0, mail_error=""
    )


@conflicts_retried
@transaction.atomic
def _mark() -> WeeklyReport | None:
    due = mails_waiting().select_for_update(skip_locked=True, of=("self",))
    report = due.select_related("user").order_by("mail_at").first()
    if report is not None:
        WeeklyReport.objects.filter(pk=report.pk).update(
            mail_state=MailState.SENDING, mail_tries=F("mail_tries") + 1, mail_at=Now()
        )
        report.refresh_from_db(fields=["mail_state", "mail_tries", "mail_at"])
    return report


def _record(report: WeeklyReport, verdict: Verdict) -> None:
    wait = wait_after(verdict, report.mail_tries)
    if wait is not None:
        reason = one_line(verdict.reason)
        logger.warning("The mail of report %s waits for another try: %s", report.pk, reason)
        _write(report, MailState.WAITING, verdict.reason, mail_at=timezone.now() + wait)
        return
    state = {
        Outcome.SENT: MailState.SENT,
        Outcome.LATER: MailState.REFUSED,
        Outcome.REFUSED: MailState.REFUSED,
        Outcome.UNKNOWN: MailState.UNKNOWN,
    }[verdict.outcome]
    _write(report, state, verdict.reason)
    if state != MailState.SENT:
        logger.warning("The mail of report %s: %s: %s", report.pk, state, one_line(verdict.reason))


def _write(report: WeeklyReport, state: MailState, reason: str, **fields: object) -> None:
    """Unless the try was taken for lost meanwhile, and somebody decided on it."""
    ours = WeeklyReport.objects.filter(
        pk=report.pk, mail_state=MailState.SENDING, mail_at=report.mail_at
    )
    ours.update(mail_state=state, mail_error=one_line(reason)[:500], **fields)
