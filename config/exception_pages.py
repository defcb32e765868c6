"""Django's pages and mails about an exception, without the secrets of the environment.

Django hides settings by their names alone, and none of the local variables while DEBUG is on: a URL
with a password, or the parameters of a connection, would be shown.
"""

from collections.abc import Iterable
from html import escape
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest
from django.utils.safestring import SafeString, mark_safe
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

from config.variables.hidden import HIDDEN

#: Shorter ones are words of every page.
SHORTEST = 4


class Filter(SafeExceptionReporterFilter):
    """What views mark as sensitive is hidden while DEBUG is on, too."""

    def is_active(self, request: HttpRequest | None) -> bool:
        return True


class Reporter(ExceptionReporter):
    """The whole page is searched for secrets, since each may stand in a longer text."""

    def get_traceback_html(self) -> SafeString:
        return _hidden(super().get_traceback_html())

    def get_traceback_text(self) -> SafeString:
        return _hidden(super().get_traceback_text())


def _hidden(page: str) -> SafeString:
    for secret in sorted(_written(settings.ENVIRONMENT.secrets), key=len, reverse=True):
        page = page.replace(secret, HIDDEN)
    return mark_safe(page)  # noqa: S308  (Django's own page, with less in it)


def _written(secrets: Iterable[str]) -> set[str]:
    """Each secret as it may stand in a page: in a URL, in a representation, in HTML."""
    forms = {
        form
        for secret in secrets
        if len(secret) >= SHORTEST
        for form in (secret, quote(secret, safe=""), repr(secret)[1:-1])
    }
    return forms | {escape(form) for form in forms}
