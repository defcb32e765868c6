"""Mail thread: sends waiting reports, in each worker that writes reports."""

import logging
import time
from contextlib import suppress

from django.conf import settings
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection

from workers.background_thread import BackgroundThread
from workers.reports.delivery.mailing import mail_send_next, mails_tidy, mails_waiting

logger = logging.getLogger(__name__)

#: A mail server that is away is left alone for so long.
AWAY_SECONDS = 30.0
#: One look ends after so many seconds, whatever waits: the thread is seen to turn.
LOOK_SECONDS = 30.0


class Postman(BackgroundThread):
    """Looks every few seconds. No mail is marked before the mail server has answered."""

    every_seconds = 5.0
    # A mail server that drips holds it: no reason to end a worker with its generations.
    is_vital = False

    def __init__(self) -> None:
        super().__init__("postman")
        self._away_until = 0.0

    def tick(self) -> None:
        mails_tidy()
        if not settings.REPORT_MAIL or time.monotonic() < self._away_until:
            return
        until = time.monotonic() + LOOK_SECONDS
        while mails_waiting().exists() and self._send():
            if time.monotonic() >= until or self._stopped.is_set():
                return

    def _send(self) -> bool:
        """One mail over a connection of its own: what ends one says nothing of the next."""
        server = mail_server()
        connection.close()
        try:
            server.open()
        except Exception as error:  # each mail backend has errors of its own
            self._away_until = time.monotonic() + AWAY_SECONDS
            logger.warning("The mail server is away: %s", error)
            return False
        try:
            return mail_send_next(server)
        finally:
            with suppress(Exception):
                server.close()


def mail_server() -> BaseEmailBackend:
    """The mail server that Django's settings name, not connected yet."""
    if (mailers := getattr(mail, "mailers", None)) is None:
        return mail.get_connection()
    server: BaseEmailBackend = mailers.create_connection("default")
    return server
