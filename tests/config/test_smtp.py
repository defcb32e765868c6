"""The mail backend calls a refusal only what is none of the message's."""

from smtplib import SMTPServerDisconnected

import pytest
from django.core.mail import EmailMessage

from config.smtp import EmailBackend
from tests.workers.reports.delivery.mail_server import MailServer


@pytest.mark.parametrize("step", ["mail", "message"])
def test_of_a_connection_that_it_opened_itself_it_says_nothing(step):
    message = EmailMessage("Subject", "text", "us@example.org", ["ada@example.org"])
    with MailServer(script={step: [None]}) as server:
        backend = EmailBackend(host="127.0.0.1", port=server.port, timeout=5)
        with pytest.raises(SMTPServerDisconnected):
            backend.send_messages([message])
