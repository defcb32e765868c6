"""Doctor and status tell of mails that do not get through."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from workers.reports.delivery.stuck import mails_stuck
from workers.reports.models import MailState, WeeklyReport
from workers.reports.weeks import Week

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_sender_that_is_refused_is_told_after_the_first_try(mail_server, postman, report_of):
    mail_server.script["mail"] = ["550 5.1.8 sender llmconfig@localhost rejected"] * 2
    first, second = report_of(week=Week(2026, 46)), report_of()
    WeeklyReport.objects.filter(pk=first.pk).update(written_at=timezone.now() - timedelta(days=1))
    postman()
    stuck = mails_stuck()
    assert (stuck.count, stuck.reason) == (2, "550 5.1.8 sender llmconfig@localhost rejected")
    first.refresh_from_db()
    assert stuck.since == first.written_at < second.written_at
    assert str(stuck).startswith(f"2 mails wait, the first since {first.written_at:%Y-%m-%d} ")


def test_what_is_not_begun_in_time_is_told(mail_server, report_of):
    report_of(mail_at=timezone.now() - timedelta(minutes=20))
    assert str(mails_stuck()).endswith(": no worker has reached the mail server")


@pytest.mark.parametrize(
    "fields",
    [
        {"mail_state": MailState.WAITING},
        {"mail_state": MailState.SENT, "mail_tries": 1},
        {"mail_state": MailState.REFUSED, "mail_tries": 8},
        {"mail_state": MailState.NONE},
    ],
)
def test_what_goes_its_way_or_is_over_is_not(mail_server, report_of, fields):
    # Not among the parameters: a long run of all tests is collected minutes before.
    report_of(mail_at=timezone.now() - timedelta(minutes=5), **fields)
    assert mails_stuck() is None


def test_without_a_mail_server_nothing_waits_for_one(settings, report_of):
    settings.REPORT_MAIL = False
    report_of(mail_tries=1)
    assert mails_stuck() is None


def test_the_doctor_tells_it(mail_server, report_of, capsys):
    report_of(mail_tries=1, mail_error="550 sender unknown")
    call_command("llm_doctor")
    assert "550 sender unknown" in capsys.readouterr().out
