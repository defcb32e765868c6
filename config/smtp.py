"""Django's mail backend for SMTP, which knows whether a message was handed over.

A connection that ends before that has refused it for now, as the answer 421 does (RFC 5321, 3.8).
Only of one that ends later nobody knows whether the message was taken. To an address that cannot be
written no server can send.
"""

from collections.abc import Sequence
from smtplib import (
    SMTP,
    SMTP_SSL,
    SMTPException,
    SMTPNotSupportedError,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends import smtp


class _Session(SMTP):
    #: A message is on its way, and there is no answer to it yet.
    is_unanswered = False

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.is_unanswered = True
        answer = super().data(msg)
        self.is_unanswered = False
        return answer


class _SecureSession(_Session, SMTP_SSL):
    pass


class EmailBackend(smtp.EmailBackend):
    """Raises ``SMTPSenderRefused`` for a connection that ended before the message, and
    ``SMTPNotSupportedError`` for an address that is none."""

    @property
    def connection_class(self) -> type[_Session]:
        return _SecureSession if self.use_ssl else _Session

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        try:
            return super().send_messages(email_messages)
        except (SMTPServerDisconnected, ValueError) as error:
            # Of a connection that is closed already nobody knows either.
            if getattr(self.connection, "is_unanswered", True):
                raise
            raise _refusal(error) from error


def _refusal(error: Exception) -> SMTPException:
    if isinstance(error, ValueError):
        return SMTPNotSupportedError(str(error))
    return SMTPSenderRefused(421, str(error).encode(), "")
