"""Merges what the layers state into one ``ResolvedConfig``. Pure; the only place that merges.

Statements come weakest first; of each field the strongest holds. A model or fallback model that
policy does not allow is skipped, and the next weaker statement holds. A fallback that is the
primary itself is no fallback: then there is none. Limits that contradict each other are clamped,
``first_token_timeout_seconds`` to ``timeout_seconds`` and that to ``deadline_seconds``.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from llmconfig.errors import NoAllowedModel
from llmconfig.fields import FIELDS, PARAMETERS_KEY
from llmconfig.model_names import Policy, normalise_model
from llmconfig.parameters import PARAMETERS
from llmconfig.types import BUILT_IN, Clamped, Origin, ResolvedConfig, Skipped, Statement

#: Each is lowered to the next where it is larger, the widest limit first.
_LIMITS = (
    ("timeout_seconds", "deadline_seconds"),
    ("first_token_timeout_seconds", "timeout_seconds"),
)
_MODELS = frozenset({"model", "fallback_model"})
#: A fallback that nobody states, or that policy took away, is none; not the built-in one.
_UNSTATED = {name: field.default for name, field in FIELDS.items()} | {"fallback_model": ""}

ModelParameters = Mapping[str, Mapping[str, Any]]


def resolve(
    statements: Iterable[Statement],
    *,
    policy: Policy,
    model_params: ModelParameters,
    skipped: Iterable[Skipped] = (),
) -> ResolvedConfig:
    """The decision. Raises ``NoAllowedModel``.

    ``model_params`` is keyed by normalised model name; only its ``PARAMETERS`` travel with a run.
    ``skipped`` are statements that the caller had to leave out already.
    """
    winners: dict[str, Statement] = {}
    shadowed: dict[str, tuple[Statement, ...]] = {}
    left_out = list(skipped)
    for name, stated in _by_field(statements).items():
        while stated and not _permitted(stated[-1], policy):
            refused = stated.pop()
            left_out.append(Skipped(name, refused.value, refused.origin, "not_allowed"))
        if stated:
            winners[name] = stated.pop()
        if stated:
            shadowed[name] = tuple(reversed(stated))
    if "model" not in winners:
        raise NoAllowedModel
    _drop_own_fallback(winners, left_out)
    values = _with_defaults(winners)
    clamped = _clamp(values)
    return ResolvedConfig(
        **values,
        parameters=_parameters(winners),
        model_parameters={
            "primary": _model_parameters(values["model"], model_params),
            "fallback": _model_parameters(values["fallback_model"], model_params),
        },
        source=winners["model"].origin.layer,
        origins=_origins(winners),
        shadowed=shadowed,
        skipped=tuple(left_out),
        clamped=clamped,
    )


def _by_field(statements: Iterable[Statement]) -> dict[str, list[Statement]]:
    stated: dict[str, list[Statement]] = {}
    for statement in statements:
        stated.setdefault(statement.field, []).append(statement)
    return stated


def _permitted(statement: Statement, policy: Policy) -> bool:
    value = statement.value
    return statement.field not in _MODELS or not value or policy.allows(value)


def _drop_own_fallback(winners: dict[str, Statement], left_out: list[Skipped]) -> None:
    fallback = winners.get("fallback_model")
    if fallback and normalise_model(fallback.value) == normalise_model(winners["model"].value):
        left_out.append(Skipped(fallback.field, fallback.value, fallback.origin, "same_as_model"))
        del winners["fallback_model"]


def _with_defaults(winners: Mapping[str, Statement]) -> dict[str, Any]:
    return {
        name: winners[name].value if name in winners else default
        for name, default in _UNSTATED.items()
    }


def _clamp(values: dict[str, Any]) -> tuple[Clamped, ...]:
    clamped = []
    for name, limit in _LIMITS:
        stated, highest = values[name], values[limit]
        if stated is not None and stated > highest:
            values[name] = highest
            clamped.append(Clamped(name, stated, highest, limit))
    return tuple(clamped)


def _parameters(winners: Mapping[str, Statement]) -> dict[str, Any]:
    prefix = f"{PARAMETERS_KEY}."
    return {
        name.removeprefix(prefix): winners[name].value
        for name in sorted(winners)
        if name.startswith(prefix)
    }


def _model_parameters(model: str, model_params: ModelParameters) -> dict[str, Any]:
    stated = model_params.get(normalise_model(model), {})
    return {name: value for name, value in stated.items() if name in PARAMETERS}


def _origins(winners: Mapping[str, Statement]) -> dict[str, Origin]:
    named = [*FIELDS, *sorted(name for name in winners if name not in FIELDS)]
    return {name: winners[name].origin if name in winners else BUILT_IN for name in named}
