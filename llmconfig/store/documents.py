"""JSON document of one scope, and merge patches to it (RFC 7396)."""

from collections.abc import Iterable, Mapping
from typing import Any

from llmconfig.layers.ladder import Row
from llmconfig.store.scopes import Scope
from llmconfig.values import task_types
from llmconfig.values.errors import InvalidPreference
from llmconfig.values.fields import NOT_AN_OBJECT, Errors, invalid_preference, unknown_key
from llmconfig.values.preferred_model import model_yield, statement_parse
from llmconfig.values.texts import printable

TASK_TYPE_CONFIGS = "task_type_configs"

#: Stated fields by task type, as rows have them.
Stated = dict[str | None, dict[str, Any]]


def document_of(rows: Iterable[Row], scope: Scope) -> dict[str, Any]:
    """The document that the scope's rows make; rows of unknown task types have no place in it."""
    stated = {row.task_type: row.stated() for row in rows}
    first, *others = scope.task_types
    configs = {name: stated[name] for name in others if stated.get(name)}
    return {**stated.get(first, {}), **({TASK_TYPE_CONFIGS: configs} if configs else {})}


def document_parse(document: object, scope: Scope) -> Stated:
    """The statements that the scope's rows are to have.

    Raises ``InvalidPreference`` with every field error.
    """
    if not isinstance(document, Mapping):
        raise InvalidPreference(NOT_AN_OBJECT)
    if not scope.is_owned:
        return {scope.task_type: _fields(document, {})}
    stated, wrong = _configs_parse(document.get(TASK_TYPE_CONFIGS))
    errors = {TASK_TYPE_CONFIGS: wrong.get("", wrong)} if wrong else {}
    top = {key: value for key, value in document.items() if key != TASK_TYPE_CONFIGS}
    return {None: _fields(top, errors), **stated}


def merge_patch(target: object, patch: object) -> Any:
    """RFC 7396: objects merge member by member, null removes, anything else replaces."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def document_patch(document: Mapping[str, Any], changes: object) -> Any:
    """The document with a merge patch applied. Its nulls stay: they mean the same in a document as
    no member, and what they name is checked there."""
    return _nulls_kept(merge_patch(model_yield(document, changes), changes), changes)


def _nulls_kept(merged: object, changes: object) -> Any:
    if not (isinstance(merged, Mapping) and isinstance(changes, Mapping)):
        return merged
    nulls = {key: None for key, value in changes.items() if value is None}
    return nulls | {key: _nulls_kept(value, changes.get(key)) for key, value in merged.items()}


def _fields(raw: Mapping[Any, object], others: Errors) -> dict[str, Any]:
    """Raises ``InvalidPreference`` with the errors of the other members, too."""
    values, errors = statement_parse(raw)
    if errors or others:
        raise invalid_preference({**errors, **others})
    return values


def _configs_parse(configs: object) -> tuple[Stated, Errors]:
    if configs is None:
        return {}, {}
    if not isinstance(configs, Mapping):
        return {}, {"": [NOT_AN_OBJECT]}
    stated: Stated = {}
    errors: Errors = {}
    for name, config in configs.items():
        if name not in task_types.names():
            errors[printable(str(name))] = [unknown_key(name, task_types.names())]
        elif config is not None:
            stated[name], wrong = statement_parse(config)
            if wrong:
                errors[name] = wrong.get("", wrong)
    return stated, errors
