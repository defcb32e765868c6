"""Merges what the layers state into one ``ResolvedConfig``. Pure; the only place that merges.

Statements come weakest first; of each field the strongest holds. A model or fallback model that
policy does not allow is skipped, and the next weaker statement holds. A fallback that is the
primary itself is no fallback: then there is none. Limits that contradict each other are clamped,
``first_token_timeout_seconds`` to ``timeout_seconds`` and that to ``deadline_seconds``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from llmconfig.values.errors import NoAllowedModel
from llmconfig.values.fields import FIELDS, PARAMETERS_KEY
from llmconfig.values.model_names import Policy, normalise_model
from llmconfig.values.parameters import PARAMETERS
from llmconfig.values.types import (
    BUILT_IN,
    MODEL_FIELDS,
    ROLES,
    SAME_AS_MODEL,
    Clamped,
    ModelParams,
    Origin,
    ResolvedConfig,
    Skipped,
    Statement,
)

#: Each is lowered to the next where it is larger, the widest limit first.
_LIMITS = (
    ("timeout_seconds", "deadline_seconds"),
    ("first_token_timeout_seconds", "timeout_seconds"),
)
#: A fallback that nobody states, or that policy took away, is none; not the built-in one. The
#: same goes for a model, without which there is no decision.
_UNSTATED = {name: field.default for name, field in FIELDS.items()} | dict.fromkeys(
    MODEL_FIELDS, ""
)

_NO_STATEMENT = Statement("", None, BUILT_IN)


@dataclass(frozen=True, kw_only=True)
class Merged:
    """What holds of each field, and what does not: all that a decision is made of."""

    #: By field; fields that nobody states are absent.
    winners: Mapping[str, Statement]
    #: The strongest layer that supplies any field.
    source: str
    #: Every field's value, after clamping; ``model`` is "" where none is allowed.
    values: Mapping[str, Any]
    shadowed: Mapping[str, tuple[Statement, ...]]
    skipped: tuple[Skipped, ...]
    clamped: tuple[Clamped, ...]


def resolve(
    statements: Iterable[Statement],
    *,
    policy: Policy,
    model_params: ModelParams,
    skipped: Iterable[Skipped] = (),
) -> ResolvedConfig:
    """The decision. Raises ``NoAllowedModel``.

    Of ``model_params`` only ``PARAMETERS`` travel with a run. ``skipped`` are statements that the
    caller had to leave out already.
    """
    return decide(merge(statements, policy=policy, skipped=skipped), model_params)


def merge(
    statements: Iterable[Statement], *, policy: Policy, skipped: Iterable[Skipped] = ()
) -> Merged:
    """What holds, also where that is no decision because no model is allowed."""
    statements = tuple(statements)
    winners: dict[str, Statement] = {}
    shadowed: dict[str, tuple[Statement, ...]] = {}
    left_out = list(skipped)
    for name, stated in by_field(statements).items():
        if name in MODEL_FIELDS:
            left_out += _pop_refused(stated, policy)
        if stated:
            winners[name] = stated.pop()
        if stated:
            shadowed[name] = tuple(reversed(stated))
    _drop_own_fallback(winners, left_out)
    values = {
        name: winners[name].value if name in winners else default
        for name, default in _UNSTATED.items()
    }
    clamped = _clamp(values)
    return Merged(
        winners=winners,
        source=_source(statements, winners),
        values=values,
        shadowed=shadowed,
        skipped=tuple(left_out),
        clamped=clamped,
    )


def decide(merged: Merged, model_params: ModelParams) -> ResolvedConfig:
    """The decision that the merged statements make. Raises ``NoAllowedModel``."""
    winners, values = merged.winners, dict(merged.values)
    if "model" not in winners:
        refusals = [each.sentence for each in merged.skipped if each.field == "model"]
        raise NoAllowedModel(refusals)
    models = (values["model"], values["fallback_model"])
    return ResolvedConfig(
        **values,
        parameters=_parameters(winners),
        model_parameters={
            role: _model_parameters(model, model_params)
            for role, model in zip(ROLES, models, strict=True)
        },
        source=merged.source,
        origins=_origins(winners),
        shadowed=merged.shadowed,
        skipped=merged.skipped,
        clamped=merged.clamped,
    )


def by_field(statements: Iterable[Statement]) -> dict[str, list[Statement]]:
    """The statements of each field, in their order."""
    stated: dict[str, list[Statement]] = {}
    for statement in statements:
        stated.setdefault(statement.field, []).append(statement)
    return stated


def _pop_refused(stated: list[Statement], policy: Policy) -> list[Skipped]:
    """Take away the strongest statements, as long as policy refuses them."""
    refused = []
    while stated and (reason := policy.refusal(stated[-1].value)):
        statement = stated.pop()
        refused.append(Skipped(statement.field, statement.value, statement.origin, reason))
    return refused


def _drop_own_fallback(winners: dict[str, Statement], left_out: list[Skipped]) -> None:
    model, fallback = (winners.get(name) for name in MODEL_FIELDS)
    if model and fallback and normalise_model(fallback.value) == normalise_model(model.value):
        left_out.append(Skipped(fallback.field, fallback.value, fallback.origin, SAME_AS_MODEL))
        del winners["fallback_model"]


def _source(statements: Sequence[Statement], winners: Mapping[str, Statement]) -> str:
    """The layer of the last winner: statements are in order of strength."""
    strongest_first = reversed(statements)
    winner = (each for each in strongest_first if winners.get(each.field) is each)
    return next(winner, _NO_STATEMENT).origin.layer


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


def _model_parameters(model: str, model_params: ModelParams) -> dict[str, Any]:
    stated = model_params.get(normalise_model(model), ())
    return {each.field: each.value for each in stated if each.field in PARAMETERS}


def _origins(winners: Mapping[str, Statement]) -> dict[str, Origin]:
    named = [*FIELDS, *sorted(name for name in winners if name not in FIELDS)]
    return {name: winners[name].origin if name in winners else BUILT_IN for name in named}
