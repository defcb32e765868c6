"""Deployment check: the model server of ``OLLAMA_HOST`` has the configured models."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.db import DatabaseError
from django.utils.translation import gettext as _

from llmconfig.layers.ladder import Rows
from llmconfig.layers.static import static_config
from llmconfig.resolution.selectors import configs_resolve, rows_resolve_any
from llmconfig.resolution.stated_models import StatedModel, models_stated, models_stated_static
from llmconfig.values import task_types
from llmconfig.values.errors import ConfigurationError
from llmconfig.values.model_names import normalise_model
from workers.process.registry.missing import missing_find
from workers.process.registry.survey import Survey


@register("workers", deploy=True)
def models_check(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Of ``check --deploy``, with ``LLM_REQUIRE_PRESENT_MODELS`` alone: the host is queried.

    E001: it does not list its models. E002: of a task type neither model nor fallback is there.
    W001: another configured model is missing.
    """
    return list(_problems()) if settings.LLM_REQUIRE_PRESENT_MODELS else []


def _problems() -> Iterator[CheckMessage]:
    try:
        stated, defaults = _configured()
    except ConfigurationError:
        return  # llmconfig.E001 names every problem
    report = Survey(settings.OLLAMA_HOST).look({normalise_model(each.model) for each in stated})
    if report.error:
        text = _("%(host)s: %(error)s") % {"host": report.host, "error": report.error}
        yield Error(text, id="workers.E001")
        return
    missing = missing_find(stated, defaults, report.names())
    for name in missing.task_types:
        text = _("%(host)s has neither the model nor the fallback model of %(name)s.")
        yield Error(text % {"host": report.host, "name": name}, id="workers.E002")
    for name in missing.models:
        text = _("%(host)s does not have the configured model %(name)s.")
        yield Warning(text % {"host": report.host, "name": name}, id="workers.W001")


def _configured() -> tuple[tuple[StatedModel, ...], dict[str, Any]]:
    """Stated models, and by task type the defaults; without rows where the database is away.

    Raises ``ConfigurationError``.
    """
    try:
        stated, configs = models_stated(), configs_resolve(user_id=None)
    except DatabaseError:
        static, rows = static_config(), Rows()
        stated = models_stated_static()
        configs = {
            name: rows_resolve_any(name, static=static, rows=rows) for name in task_types.names()
        }
    return stated, {name: config and config.values() for name, config in configs.items()}
