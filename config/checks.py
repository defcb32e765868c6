"""System checks of the reference project: what a variable can state and still get wrong."""

from collections.abc import Sequence
from email.utils import parseaddr
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Warning, register
from django.utils.translation import gettext as _

#: Ends of domains that no mail server answers to (RFC 2606, RFC 6761).
NO_DOMAINS = ("localhost", "invalid", "test", "example", "localdomain")


@register("config")
def quotes_check(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """W002: a secret has quotes around it, which docker's ``--env-file`` keeps."""
    text = _("%(name)s begins and ends with a quote, which is taken for a part of it.")
    return [
        Warning(text % {"name": name}, id="config.W002") for name in settings.ENVIRONMENT.quoted
    ]


@register("config")
def sender_check(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """W001: mails are sent from an address that other mail servers refuse."""
    if settings.ENVIRONMENT.mailer is None:
        return []
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2].lower()
    if "." in domain and domain.rpartition(".")[2] not in NO_DOMAINS:
        return []
    text = _(
        "DEFAULT_FROM_EMAIL: other mail servers refuse a sender at %(domain)s, and mails wait;"
        " accepted: an address of a domain that receives mail."
    )
    return [Warning(text % {"domain": domain}, id="config.W001")]
