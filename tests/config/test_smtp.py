"""The mail backend calls a refusal only what is none of the message's."""

from smtplib import SMTPServerDisconnected

import pytest
from django.core.mail import EmailMessage

from config.mail import mailer_parse, settings_of
from config.smtp import EmailBackend
from tests.workers.reports.delivery.mail_server import MailServer
from workers.reports.delivery.postman import mail_server


@pytest.mark.parametrize("step", ["mail", "message"])
def test_of_a_connection_that_it_opened_itself_it_says_nothing(step, settings):
    message = EmailMessage("Subject", "text", "us@example.org", ["ada@example.org"])
    with MailServer(script={step: [None]}) as server:
        stated = settings_of(mailer_parse(f"smtp://127.0.0.1:{server.port}"))
        for name, value in stated.items():
            setattr(settings, name, value)
        backend = mail_server()
        assert isinstance(backend, EmailBackend)
        with pytest.raises(SMTPServerDisconnected):
            backend.send_messages([message])
