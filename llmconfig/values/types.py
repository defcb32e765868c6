"""The values that cross module and process borders."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from llmconfig.values.fields import FIELDS, PARAMETERS_KEY
from llmconfig.values.messages import Message, gettext_noop
from llmconfig.values.model_names import NOT_ALLOWED, NOT_ALLOWED_FOR_TIER
from llmconfig.values.places import place_cut
from llmconfig.values.texts import shown
from llmconfig.values.wire import read_field, read_mapping, read_parameters, read_text

ROLES = ("primary", "fallback")
MODEL_FIELDS = ("model", "fallback_model")


@dataclass(frozen=True)
class Origin:
    """Where a value comes from."""

    #: A rung of the ladder: system, task_type, tier, user or request; ``model_params`` below all.
    layer: str
    #: ``built-in``, file and line, variable, or row with its version.
    place: str

    def to_wire(self) -> dict[str, str]:
        return {"layer": self.layer, "place": place_cut(self.place)}


BUILT_IN = Origin("system", "built-in")

SAME_AS_MODEL = "same_as_model"
INVALID = "invalid"
#: Why a statement is passed over, in words.
REASONS: Mapping[str, str] = {
    NOT_ALLOWED: gettext_noop("the environment does not allow the model %(value)s"),
    NOT_ALLOWED_FOR_TIER: gettext_noop("no tier of the user allows the model %(value)s"),
    SAME_AS_MODEL: gettext_noop("the fallback %(value)s is the model itself"),
    INVALID: gettext_noop("%(value)s is not valid; %(problem)s"),
}


@dataclass(frozen=True)
class Statement:
    """One field as one place states it. Parameters are fields named ``parameters.temperature``."""

    field: str
    value: Any
    origin: Origin


#: By normalised model name, weakest first. Their fields are names of ``MODEL_PARAMETERS``.
ModelParams = Mapping[str, tuple[Statement, ...]]


@dataclass(frozen=True)
class Skipped:
    """A statement that was passed over."""

    field: str
    value: Any
    origin: Origin
    #: A key of ``REASONS``.
    reason: str
    #: For ``invalid``: what is wrong with it.
    problem: Message | None = None

    @property
    def sentence(self) -> Message:
        """The reason in words."""
        return Message(
            REASONS[self.reason],
            {
                "field": self.field,
                "value": shown(self.value),
                "problem": self.problem or Message(gettext_noop("accepted: another value")),
            },
        )

    def to_wire(self, gettext: Callable[[str], str] = str) -> dict[str, Any]:
        return {
            "field": self.field,
            "value": self.value,
            **self.origin.to_wire(),
            "reason": self.reason,
            "detail": self.sentence.translate(gettext),
        }


@dataclass(frozen=True)
class Clamped:
    """A limit that was lowered to another field's value."""

    field: str
    stated: int
    value: int
    limit: str

    def to_wire(self) -> dict[str, Any]:
        return {
            "field": self.field,
            "stated": self.stated,
            "value": self.value,
            "limit": self.limit,
        }


@dataclass(frozen=True, kw_only=True)
class ResolvedConfig:
    """The decision for one run: every value, and where each comes from."""

    model: str
    #: "" where there is none.
    fallback_model: str
    timeout_seconds: int
    #: None where there is no such limit.
    first_token_timeout_seconds: int | None
    max_retries: int
    deadline_seconds: int
    #: What layers stated, by name.
    parameters: Mapping[str, Any] = field(default_factory=dict)
    #: ``{"primary": {…}, "fallback": {…}}``: what holds for the model under ``parameters``.
    model_parameters: Mapping[str, Mapping[str, Any]] = field(
        default_factory=lambda: {role: {} for role in ROLES}
    )
    #: The strongest layer that supplies any field. The model's is ``origins["model"].layer``.
    source: str = BUILT_IN.layer
    #: By field, parameters as ``parameters.temperature``.
    origins: Mapping[str, Origin] = field(default_factory=dict)
    #: First 16 hexadecimal digits of the hash of the resolved values.
    config_version: str = ""
    #: By field, what weaker places stated, the nearest first. Not on the message.
    shadowed: Mapping[str, tuple[Statement, ...]] = field(default_factory=dict)
    skipped: tuple[Skipped, ...] = ()
    clamped: tuple[Clamped, ...] = ()

    def __post_init__(self) -> None:
        if not self.config_version:
            object.__setattr__(self, "config_version", _hash(self.values()))

    def values(self) -> dict[str, Any]:
        """What a worker acts on, without where it comes from."""
        return {
            **{name: getattr(self, name) for name in FIELDS},
            PARAMETERS_KEY: dict(self.parameters),
            "model_parameters": {role: dict(of) for role, of in self.model_parameters.items()},
        }

    def to_wire(self) -> dict[str, Any]:
        """The ``llm_config`` object of API and message."""
        return {
            **self.values(),
            "source": self.source,
            "origins": {name: origin.to_wire() for name, origin in self.origins.items()},
            "config_version": self.config_version,
        }

    @classmethod
    def from_wire(cls, wire: object) -> "ResolvedConfig":
        """Read what ``to_wire`` wrote, here or in another release.

        Unknown keys are ignored, missing ones get their built-in default (a missing fallback
        model: none). Raises ``MalformedConfig`` for a wrong type or a value out of bounds.
        """
        wire = read_mapping("", wire)
        model_parameters = read_mapping("model_parameters", wire.get("model_parameters"))
        return cls(
            **{name: read_field(name, wire.get(name)) for name in FIELDS},
            parameters=read_parameters(PARAMETERS_KEY, wire.get(PARAMETERS_KEY)),
            model_parameters={
                role: read_parameters(f"model_parameters.{role}", model_parameters.get(role))
                for role in ROLES
            },
            source=read_text("source", wire.get("source"), BUILT_IN.layer),
            origins={
                name: _origin(f"origins.{name}", origin)
                for name, origin in read_mapping("origins", wire.get("origins")).items()
            },
            config_version=read_text("config_version", wire.get("config_version"), ""),
        )


def _hash(values: Mapping[str, Any]) -> str:
    canonical = json.dumps(values, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def _origin(key: str, value: object) -> Origin:
    origin = read_mapping(key, value)
    return Origin(
        read_text(f"{key}.layer", origin.get("layer"), ""),
        read_text(f"{key}.place", origin.get("place"), ""),
    )
