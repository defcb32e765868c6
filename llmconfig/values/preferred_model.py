"""``preferred_model``: an alias of ``model`` in what PUT, PATCH and a request's ``llm`` state."""

from collections.abc import Mapping
from typing import Any

from llmconfig.values.fields import Errors, StatedTwice, fields_parse
from llmconfig.values.messages import gettext_noop

ALIAS, MODEL = "preferred_model", "model"

_BOTH = StatedTwice(gettext_noop("stated as model, too, with another value; accepted: one of them"))


def statement_parse(raw: object) -> tuple[dict[str, Any], Errors]:
    """As ``fields_parse``, with the alias. An error of the alias stands under its own name."""
    if not (isinstance(raw, Mapping) and ALIAS in raw):
        return fields_parse(raw)
    values, errors = fields_parse({key: value for key, value in raw.items() if key != ALIAS})
    aliased, wrong = fields_parse({MODEL: raw[ALIAS]})
    if wrong:
        errors[ALIAS] = wrong[MODEL]
    elif values.get(MODEL, aliased.get(MODEL)) != aliased.get(MODEL, values.get(MODEL)):
        errors[ALIAS] = [_BOTH]
    return {**values, **aliased}, errors


def model_yield(target: object, changes: object) -> object:
    """The target of a merge patch, without a ``model`` that the patch states by its alias."""
    if not (isinstance(target, Mapping) and isinstance(changes, Mapping)):
        return target
    yields = ALIAS in changes and MODEL not in changes
    return {
        key: model_yield(value, changes.get(key))
        for key, value in target.items()
        if not (yields and key == MODEL)
    }
