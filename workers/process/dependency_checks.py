"""Dependency checks: whether database, broker and model server can be reached.

Each answer is "" or a reason in one line. None waits longer than a few seconds.
"""

import psycopg
from celery import Celery, current_app
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext as _

from llmconfig.database.probe import probe_session
from workers.backends import ollama
from workers.runs.outcomes import one_line

ANSWER_SECONDS = 2


def database_problem() -> str:
    """Why the database does not answer, or takes no changes."""
    try:
        with probe_session(ANSWER_SECONDS):
            return ""
    except ImproperlyConfigured:
        return _("none is named: set DATABASE_URL, or start a stack with `manage.py runstack`")
    except psycopg.Error as error:
        return one_line(str(error)) or type(error).__name__


def broker_problem() -> str:
    """Why the broker does not answer."""
    # Redis reads for longer than this; AMQP knows no such option and takes the first for both.
    limits = {"socket_timeout": ANSWER_SECONDS}
    try:
        with _app().connection_for_read(
            connect_timeout=ANSWER_SECONDS, transport_options=limits
        ) as broker:
            broker.ensure_connection(max_retries=0)
    except Exception as error:  # each transport has errors of its own
        return one_line(str(error)) or type(error).__name__
    return ""


def model_server_problem() -> str:
    """Why the model server cannot be used."""
    answer = ollama.probe(settings.OLLAMA_HOST, timeout_seconds=ANSWER_SECONDS)
    return answer.problem and f"{settings.OLLAMA_HOST} {answer.problem}"


def _app() -> Celery:
    return current_app._get_current_object()  # type: ignore[attr-defined,no-any-return]
