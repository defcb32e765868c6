"""One user's preferences as one JSON document, and how a patch changes it."""

from collections.abc import Mapping
from typing import Any

from llmconfig import task_types
from llmconfig.errors import InvalidPreference
from llmconfig.fields import NOT_AN_OBJECT, Errors, fields_parse, unknown_key
from llmconfig.texts import printable

TASK_TYPE_CONFIGS = "task_type_configs"

#: Stated fields by task type; None is the scope of all task types.
Scopes = dict[str | None, dict[str, Any]]


def document_parse(document: object) -> Scopes:
    """The document's statements by scope. Raises ``InvalidPreference`` with every field error."""
    if not isinstance(document, Mapping):
        raise InvalidPreference(NOT_AN_OBJECT)
    top = {key: value for key, value in document.items() if key != TASK_TYPE_CONFIGS}
    values, errors = fields_parse(top)
    scopes, wrong = _scopes_parse(document.get(TASK_TYPE_CONFIGS))
    if wrong:
        errors[TASK_TYPE_CONFIGS] = wrong.get("", wrong)
    if errors:
        raise InvalidPreference(errors=errors)
    return {None: values, **scopes}


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


def _scopes_parse(configs: object) -> tuple[Scopes, Errors]:
    if configs is None:
        return {}, {}
    if not isinstance(configs, Mapping):
        return {}, {"": [NOT_AN_OBJECT]}
    scopes: Scopes = {}
    errors: Errors = {}
    for name, config in configs.items():
        if name not in task_types.names():
            errors[printable(str(name))] = [unknown_key(name, task_types.names())]
        elif config is not None:
            scopes[name], wrong = fields_parse(config)
            if wrong:
                errors[name] = wrong.get("", wrong)
    return scopes, errors
