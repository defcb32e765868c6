"""Structure of an explanation: per field the winning statement, and those that lost."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from llmconfig.resolution.resolver import Merged, by_field
from llmconfig.values.errors import NoAllowedModel
from llmconfig.values.fields import FIELDS, PARAMETERS_KEY
from llmconfig.values.model_names import Policy
from llmconfig.values.parameters import (
    LOAD_TIMEOUT,
    LOAD_TIMEOUT_DEFAULT,
    MODEL_PARAMETERS,
    PARAMETERS,
)
from llmconfig.values.types import (
    BUILT_IN,
    MODEL_FIELDS,
    ROLES,
    Clamped,
    Origin,
    ResolvedConfig,
    Skipped,
    Statement,
)
from llmconfig.values.windows import AnswerTooLong, Window, WindowSource, answers_too_long

#: Groups of fields: what of ``model_params`` travels with a run, and what does not.
OF_MODEL = "model_parameters"
RELOAD = "reload_options"
_LOAD_DEFAULT = Statement(
    LOAD_TIMEOUT, LOAD_TIMEOUT_DEFAULT, Origin("model_params", BUILT_IN.place)
)


@dataclass(frozen=True, kw_only=True)
class ExplainedField:
    """One field: its value, where it comes from, and what it passed over."""

    #: ``model``, ``parameters.top_k``, ``model_parameters.primary.top_k`` or
    #: ``reload_options.fallback.num_gpu``.
    name: str
    #: "" where there is no model, None where there is no limit.
    value: Any
    origin: Origin
    #: What weaker places state, the nearest first.
    shadowed: tuple[Statement, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    #: Set where the value was lowered to another field's.
    clamped: Clamped | None = None
    #: The parameter that holds instead of a model's own; "" where this one holds.
    overridden_by: str = ""

    @property
    def group(self) -> str:
        """ "" for a field, ``parameters``, ``primary`` or ``fallback``: what to show together."""
        path = self.name.split(".")
        return path[1] if len(path) == 3 else self.name.rpartition(".")[0]

    @property
    def key(self) -> str:
        """The name within its group."""
        return self.name.rpartition(".")[2]


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """A decision, or why there is none."""

    task_type: str
    #: None: what everyone gets.
    user_id: int | None
    fields: tuple[ExplainedField, ...]
    #: All that was passed over, also of fields that do not exist.
    skipped: tuple[Skipped, ...]
    clamped: tuple[Clamped, ...]
    policy: Policy
    #: What a run gets; None: nothing, because no model is allowed.
    config: ResolvedConfig | None
    refusal: NoAllowedModel | None = None
    #: Of the decision's models, by role.
    windows: Mapping[str, Window] = field(default_factory=dict)

    def field(self, name: str) -> ExplainedField | None:
        """The field of that name, if anything states it."""
        return next((each for each in self.fields if each.name == name), None)

    @property
    def window_fields(self) -> tuple[ExplainedField, ...]:
        """The context windows that nobody states, which are no reload options."""
        return tuple(
            ExplainedField(
                name=f"{RELOAD}.{role}.context_window",
                value=window.tokens,
                origin=Origin(str(window.source), window.place),
            )
            for role, window in self.windows.items()
            if window.source is not WindowSource.STATED
        )

    @property
    def answers_too_long(self) -> tuple[AnswerTooLong, ...]:
        """Limits of answers that leave no room for a prompt."""
        return tuple(answers_too_long(self.config, self.windows)) if self.config else ()

    @property
    def unplaced(self) -> tuple[Skipped, ...]:
        """What was passed over and belongs to none of the fields."""
        names = {each.name for each in self.fields}
        return tuple(each for each in self.skipped if each.field not in names)

    def to_wire(self, gettext: Callable[[str], str] = str) -> dict[str, Any]:
        """The answer of the preview: ``llm_config`` and why it is so."""
        return {
            "task_type": self.task_type,
            **(self.config.to_wire() if self.config else self._undecided(gettext)),
            "shadowed": self._shadowed(),
            "skipped": [each.to_wire(gettext) for each in self.skipped],
            "clamped": [each.to_wire() for each in self.clamped],
            "model_parameter_origins": self._by_role(OF_MODEL, _origin),
            "reload_options": self._by_role(RELOAD, _value),
            "reload_option_origins": self._by_role(RELOAD, _origin),
            "context_windows": {role: each.to_wire() for role, each in self.windows.items()},
            "warnings": [each.to_wire(gettext) for each in self.answers_too_long],
            "allowed_models": {
                "environment": _listed(self.policy.patterns),
                "tiers": _listed(self.policy.tier_patterns),
            },
        }

    def _undecided(self, gettext: Callable[[str], str]) -> dict[str, Any]:
        assert self.refusal is not None  # noqa: S101  (for mypy: no decision has its reason)
        stated = [each for each in self.fields if each.name in FIELDS]
        prefix = f"{PARAMETERS_KEY}."
        parameters = [each for each in self.fields if each.name.startswith(prefix)]
        return {
            "error": {
                "code": self.refusal.code,
                "detail": self.refusal.message.translate(gettext),
            },
            **{each.name: each.value for each in stated},
            PARAMETERS_KEY: {each.name.removeprefix(prefix): each.value for each in parameters},
            OF_MODEL: self._by_role(OF_MODEL, _value),
            "source": None,
            "origins": {each.name: each.origin.to_wire() for each in [*stated, *parameters]},
            "config_version": None,
        }

    def _shadowed(self) -> dict[str, list[dict[str, Any]]]:
        return {
            each.name: [{**other.origin.to_wire(), "value": other.value} for other in each.shadowed]
            for each in self.fields
            if each.shadowed
        }

    def _by_role(
        self, group: str, told: Callable[[ExplainedField], Any]
    ) -> dict[str, dict[str, Any]]:
        return {
            role: {
                each.name.rpartition(".")[2]: told(each)
                for each in self.fields
                if each.name.startswith(f"{group}.{role}.")
            }
            for role in ROLES
        }


def fields_explain(
    merged: Merged, model_statements: Callable[[str], tuple[Statement, ...]]
) -> Iterator[ExplainedField]:
    """Every field, parameter, and what holds for the two models.

    ``model_statements`` tells what ``model_params`` say of a model, weakest first.
    """
    stated = sorted(name for name in merged.winners if name not in FIELDS)
    for name in (*FIELDS, *stated):
        yield _of_layers(name, merged)
    for role, name in zip(ROLES, MODEL_FIELDS, strict=True):
        if model := merged.values[name]:
            yield from _of_model(role, model_statements(model), merged.winners)


def _of_layers(name: str, merged: Merged) -> ExplainedField:
    winner = merged.winners.get(name)
    return ExplainedField(
        name=name,
        value=merged.values[name] if name in FIELDS else merged.winners[name].value,
        origin=winner.origin if winner else BUILT_IN,
        shadowed=merged.shadowed.get(name, ()),
        skipped=tuple(each for each in merged.skipped if each.field == name),
        clamped=next((each for each in merged.clamped if each.field == name), None),
    )


def _of_model(
    role: str, stated: Iterable[Statement], winners: Mapping[str, Statement]
) -> Iterator[ExplainedField]:
    named = by_field((_LOAD_DEFAULT, *stated))
    for name in (each for each in MODEL_PARAMETERS if each in named):
        group = OF_MODEL if name in PARAMETERS else RELOAD
        over = f"{PARAMETERS_KEY}.{name}"
        *weaker, winner = named[name]
        yield ExplainedField(
            name=f"{group}.{role}.{name}",
            value=winner.value,
            origin=winner.origin,
            shadowed=tuple(reversed(weaker)),
            overridden_by=over if over in winners else "",
        )


def _listed(patterns: tuple[str, ...] | None) -> list[str] | None:
    return None if patterns is None else list(patterns)


def _value(field: ExplainedField) -> Any:
    return field.value


def _origin(field: ExplainedField) -> dict[str, str]:
    return field.origin.to_wire()
