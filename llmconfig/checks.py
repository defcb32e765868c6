"""System checks: what is wrong with the file, the variables and the allow-list, one by one."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Warning, register
from django.db import DatabaseError
from django.utils.translation import gettext as _

from llmconfig import known_models
from llmconfig.errors import ConfigurationError
from llmconfig.layers.static import Static, static_config
from llmconfig.types import Statement
from llmconfig.unnamed_params import names_stored, unnamed_params


@register("llmconfig")
def configuration_check(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """E001: file or variable cannot be used. E002: the system's own model is not allowed.

    W001: another model is not allowed, and is skipped when runs resolve. W002: ``model_params`` are
    stated for a model that nothing else names.
    """
    try:
        static = static_config()
    except ConfigurationError as error:
        return [Error(problem.translate(_), id="llmconfig.E001") for problem in error.problems]
    return [*_refused_models(static), *_unnamed_params(static)]


def _refused_models(static: Static) -> Iterator[CheckMessage]:
    system = _system_model(static)
    stated = [each for source in static.sources[1:] for each in source.statements()]
    if not static.policy.allows(system.value):
        yield Error(_refusal(system), id="llmconfig.E002")
    for statement in stated:
        names_model = statement.field in ("model", "fallback_model")
        if names_model and statement is not system and static.policy.refused([statement.value]):
            yield Warning(_refusal(statement), id="llmconfig.W001")


def _unnamed_params(static: Static) -> Iterator[CheckMessage]:
    # The database is not queried where file and variables name everything.
    if unnamed_params(static):
        for found in unnamed_params(static, _names_elsewhere()):
            yield Warning(found.sentence.translate(_), id="llmconfig.W002")


def _names_elsewhere() -> set[str]:
    try:
        return {*names_stored(), *known_models.names()}
    except DatabaseError:
        return set()


def _system_model(static: Static) -> Statement:
    statements = [each for source in static.sources for each in source.system]
    return [statement for statement in statements if statement.field == "model"][-1]


def _refusal(statement: Statement) -> str:
    return _("%(place)s: the %(field)s %(model)s is not allowed by LLM_ALLOWED_MODELS.") % {
        "place": statement.origin.place,
        "field": statement.field,
        "model": statement.value,
    }
