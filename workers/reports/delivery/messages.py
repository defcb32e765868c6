"""The mail of a report, in HTML and plain text."""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import get_script_prefix, reverse
from django.utils import translation
from django.utils.translation import gettext as _

from workers.reports.delivery.pages import report_values
from workers.reports.models import Delivery, WeeklyReport

AUTOMATIC = {
    # RFC 3834: no absence notes in return.
    "Auto-Submitted": "auto-generated",
}


def message_of(report: WeeklyReport) -> EmailMultiAlternatives | None:
    """The message, or None for somebody who cannot or does not want to have it (any more)."""
    user = report.user
    wishes = getattr(user, "report_settings", None)
    wants_mail = wishes is None or (wishes.enabled and wishes.delivery == Delivery.MAIL)
    if not (user.is_active and user.email and wants_mail):
        return None
    with translation.override(_language(report)):
        return _message(report, user.email)


def _language(report: WeeklyReport) -> str:
    """That of our own words and figures, which may not speak the one that the text is in."""
    try:
        return translation.get_supported_language_variant(report.language)
    except LookupError:
        return settings.LANGUAGE_CODE


def _message(report: WeeklyReport, address: str) -> EmailMultiAlternatives:
    values = {
        "report": report,
        **report_values(report),
        "page_url": _address("report-page", report.pk),
        "settings_url": _address("report-settings-page"),
    }
    headers = {**AUTOMATIC, "Message-ID": _message_id(report)}
    if values["settings_url"]:
        headers["List-Unsubscribe"] = f"<{values['settings_url']}>"
    message = EmailMultiAlternatives(
        subject=_("Your week %(week)s") % {"week": report.week},
        body=render_to_string("reports/mails/weekly_report.txt", values),
        to=[address],
        headers=headers,
    )
    message.attach_alternative(
        render_to_string("reports/mails/weekly_report.html", values), "text/html"
    )
    return message


def _address(name: str, *arguments: object) -> str:
    """The page's whole address; "" where nobody said where the site is.

    ``SITE_URL`` has the path that the site lies below; ``reverse`` has it in some threads only.
    """
    page = reverse(name, args=arguments).removeprefix(get_script_prefix())
    return settings.SITE_URL and f"{settings.SITE_URL}/{page}"


def _message_id(report: WeeklyReport) -> str:
    """One message has one, however often it is tried: a program for mail shows a second copy once.
    Short, or it is folded, which some mail servers do not take for an id."""
    domain = urlsplit(settings.SITE_URL).hostname or "llmconfig.invalid"
    return f"<{report.pk.hex}@{domain}>"
