"""The field table's bounds as constraints of the database, so that no way of writing goes round.

A key that is absent from ``parameters`` compares as NULL, which a constraint lets pass; and jsonb
orders every other type outside of two numbers, so that bounds also hold the type.
"""

import json
from collections.abc import Iterator

from django.db.models import BooleanField, CheckConstraint, F, Func, Q
from django.db.models.constraints import BaseConstraint

from llmconfig.values.allow_list import MAX_PATTERNS, PATTERN
from llmconfig.values.fields import FIELDS, PARAMETERS_KEY
from llmconfig.values.kinds import Choice, Integer, Number, Texts
from llmconfig.values.parameters import PARAMETERS


def field_constraints() -> Iterator[BaseConstraint]:
    """Bounds of every field and parameter of the table."""
    fields = {name: field.kind for name, field in FIELDS.items()}
    parameters = {f"{PARAMETERS_KEY}__{name}": kind for name, kind in PARAMETERS.items()}
    for name, kind in {**fields, **parameters}.items():
        if isinstance(kind, Integer | Number):
            yield _within(name, kind)
        elif isinstance(kind, Texts):
            yield _parameter_texts(name.removeprefix(f"{PARAMETERS_KEY}__"), kind)
        elif isinstance(kind, Choice):
            yield _parameter_choice(name.removeprefix(f"{PARAMETERS_KEY}__"), kind)
    yield _parameters_closed()


def allow_list_constraint() -> BaseConstraint:
    """A tier's list is absent or one that ``allow_list_parse`` takes, but for duplicates and the
    grammar of names."""
    value = "%(expressions)s"
    # A string of the path language in a template of Django: neither may lose its escapes.
    pattern = PATTERN.replace("\\", r"\\")
    fits = f'@.type() == "string" && @ like_regex "{pattern}"'
    template = (
        f"CASE jsonb_typeof({value}) WHEN 'array' THEN"
        f" jsonb_array_length({value}) BETWEEN 1 AND {MAX_PATTERNS} AND NOT"
        f" jsonb_path_exists({value}, 'strict $[*] ? (!({fits}))')"
        f" ELSE {value} IS NULL END"
    )
    condition = Func(F("allowed_models"), template=template, output_field=BooleanField())
    return CheckConstraint(condition=condition, name="tier_allowed_models")


def _within(name: str, kind: Integer | Number) -> CheckConstraint:
    bounds = Q(**{f"{name}__gte": kind.minimum}) & Q(**{f"{name}__lte": kind.maximum})
    return CheckConstraint(condition=bounds, name=f"preference_{name.replace('__', '_')}")


def _parameters_closed() -> CheckConstraint:
    """Nothing but an object, and no key but those of the table."""
    keys = ", ".join(f"'{name}'" for name in PARAMETERS)
    return _check(
        "parameters_closed",
        "jsonb_typeof(%(expressions)s) = 'object'"
        f" AND (%(expressions)s - ARRAY[{keys}]) = '{{}}'::jsonb",
    )


def _parameter_texts(name: str, kind: Texts) -> CheckConstraint:
    value = f"%(expressions)s -> '{name}'"
    fits = f'@.type() == "string" && @ like_regex "^.{{1,{kind.length}}}$" flag "s"'
    return _check(
        f"parameters_{name}",
        f"CASE jsonb_typeof({value}) WHEN 'array' THEN"
        f" jsonb_array_length({value}) <= {kind.maximum} AND NOT"
        f" jsonb_path_exists(%(expressions)s, 'strict $.{name}[*] ? (!({fits}))')"
        f" ELSE ({value}) IS NULL END",
    )


def _parameter_choice(name: str, kind: Choice) -> CheckConstraint:
    choices = ", ".join(f"'{json.dumps(choice)}'" for choice in kind.choices)
    return _check(
        f"parameters_{name}", f"%(expressions)s -> '{name}' = ANY (ARRAY[{choices}]::jsonb[])"
    )


def _check(name: str, template: str) -> CheckConstraint:
    condition = Func(F(PARAMETERS_KEY), template=template, output_field=BooleanField())
    return CheckConstraint(condition=condition, name=f"preference_{name}")
