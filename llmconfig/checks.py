"""System checks: what is wrong with the file, the variables and the allow-list, one by one."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Warning, register
from django.db import DatabaseError
from django.utils.translation import gettext as _

from llmconfig.layers.ladder import Rows
from llmconfig.layers.static import Static, static_config
from llmconfig.resolution import known_models
from llmconfig.resolution.merging import rows_merge
from llmconfig.resolution.resolver import Merged, decide
from llmconfig.resolution.unnamed_params import names_stored, unnamed_params
from llmconfig.resolution.window_lookup import windows_of
from llmconfig.values import task_types
from llmconfig.values.errors import ConfigurationError, NoAllowedModel
from llmconfig.values.types import Statement
from llmconfig.values.windows import MAX_TOKENS, AnswerTooLong, answers_too_long


@register("llmconfig")
def configuration_check(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """E001: file or variable cannot be used. E002: the system's own model is not allowed.

    W001: another model is not allowed, and is skipped when runs resolve. W002: a ``max_tokens``
    leaves no room for a prompt in a model's context. W003: ``model_params`` are stated for a model
    that nothing else names. W004: the file on disk cannot be used, and the last known good one is.
    """
    try:
        static = static_config()
    except ConfigurationError as error:
        return [Error(problem.translate(_), id="llmconfig.E001") for problem in error.problems]
    return [
        *_last_good(static),
        *_refused_models(static),
        *_answers_too_long(static),
        *_unnamed_params(static),
    ]


def _last_good(static: Static) -> Iterator[CheckMessage]:
    for sentence in static.last_good.sentences if static.last_good else ():
        yield Warning(sentence.translate(_), id="llmconfig.W004")


def _refused_models(static: Static) -> Iterator[CheckMessage]:
    system = _system_model(static)
    stated = [each for source in static.sources[1:] for each in source.statements()]
    if not static.policy.allows(system.value):
        yield Error(_refusal(system), id="llmconfig.E002")
    for statement in stated:
        names_model = statement.field in ("model", "fallback_model")
        if names_model and statement is not system and static.policy.refused([statement.value]):
            yield Warning(_refusal(statement), id="llmconfig.W001")


def _answers_too_long(static: Static) -> Iterator[CheckMessage]:
    """Of what everyone gets by file and variables, each limit once."""
    told: set[str] = set()
    for name in task_types.names():
        merged = rows_merge(name, static=static, rows=Rows(), request={})
        try:
            config = decide(merged, static.model_params)
        except NoAllowedModel:
            continue
        for too_long in answers_too_long(config, windows_of(config, loaded={})):
            text = f"{_place(too_long, merged, static)}: {too_long.sentence.translate(_)}."
            if text not in told:
                told.add(text)
                yield Warning(text, id="llmconfig.W002")


def _place(too_long: AnswerTooLong, merged: Merged, static: Static) -> str:
    """Where the limit is stated: by a layer, else for the model itself."""
    if winner := merged.winners.get(too_long.field):
        return winner.origin.place
    stated = static.model_statements(too_long.model)
    return [each.origin.place for each in stated if each.field == MAX_TOKENS][-1]


def _unnamed_params(static: Static) -> Iterator[CheckMessage]:
    # The database is not queried where file and variables name everything.
    if unnamed_params(static):
        for found in unnamed_params(static, _names_elsewhere()):
            yield Warning(found.sentence.translate(_), id="llmconfig.W003")


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
