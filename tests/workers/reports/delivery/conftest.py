"""Reports whose mail waits, and a mail server."""

from datetime import timedelta

import pytest
from django.test import override_settings
from django.utils import timezone

from config.mail import mailer_parse, settings_of
from tests.workers.reports.delivery.mail_server import MailServer
from workers.reports.delivery.postman import Postman
from workers.reports.models import MailState, WeeklyReport
from workers.reports.weeks import Week


@pytest.fixture
def mail_server():
    with MailServer() as server, mail_goes_to(f"smtp://127.0.0.1:{server.port}"):
        yield server


def mail_goes_to(url: str, **changes):
    """The mail server in force, until the block ends."""
    mailer = mailer_parse(url)
    mailer["OPTIONS"].update(changes)
    return override_settings(
        REPORT_MAIL=True, SITE_URL="https://app.example", **settings_of(mailer)
    )


@pytest.fixture
def postman():
    """Looks once, as the worker's thread does every few seconds."""
    return lambda: Postman().tick()


@pytest.fixture
def report_of(django_user_model):
    """Makes a written report that waits for its mail."""

    def make(name="ada", *, week=None, **fields):
        user, _ = django_user_model.objects.get_or_create(
            username=name, defaults={"email": f"{name}@example.org"}
        )
        now = timezone.now()
        return WeeklyReport.objects.create(
            **{
                "user": user,
                "week": str(week or Week(2026, 47)),
                "starts_at": now - timedelta(days=8),
                "ends_at": now - timedelta(days=1),
                "time_zone": "Europe/Berlin",
                "language": "en",
                "content": "# Done\n\n- *everything*",
                "written_at": now,
                "mail_state": MailState.WAITING,
                "mail_at": now,
                **fields,
            }
        )

    return make
