"""Every error of this package.

LLMConfigError
├── UnknownTaskType             400  unknown_task_type
├── InvalidPreference           400  invalid
│   ├── PreferenceTooLarge      409  too_large
│   ├── ModelStatedTwice        409  model_stated_twice
│   └── ReasonNotPrintable      409  reason_not_printable
├── MalformedConfig             400  malformed_config
├── ModelNotAllowed             409  model_not_allowed
├── ModelNotPresent             409  model_not_present
├── FallbackSameAsModel         409  fallback_same_as_model
├── NoAllowedModel              409  no_allowed_model
├── RequestLayerNotPermitted    409  request_layer_not_permitted
├── UnknownVersion              404  unknown_version
├── EditConflict                409  edit_conflict
├── RollbackRefused             409  rollback_refused
├── PreconditionFailed          412  precondition_failed
├── BodyTooLarge                413  body_too_large
└── ConfigurationError          500  configuration_error
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from llmconfig.values.messages import Message, gettext_noop


class LLMConfigError(Exception):
    """Root of what this package raises to its callers.

    ``errors`` maps a field to what is wrong with it (lists of messages, nested for nested fields).
    """

    code: ClassVar[str] = "llmconfig_error"
    status: ClassVar[int] = 500
    default_detail: ClassVar[str] = gettext_noop("The configuration could not be used.")

    def __init__(
        self, detail: str | Message | None = None, *, errors: Mapping[str, Any] | None = None
    ) -> None:
        detail = detail or self.default_detail
        self.message = detail if isinstance(detail, Message) else Message(detail)
        self.errors = errors
        super().__init__(str(self.message))

    @property
    def detail(self) -> str:
        return str(self.message)


class UnknownTaskType(LLMConfigError):
    """The task type is not registered; ``accepted`` names those that are."""

    code = "unknown_task_type"
    status = 400

    def __init__(self, name: str, accepted: Sequence[str] = ()) -> None:
        self.name = name
        self.accepted = tuple(accepted)
        text = gettext_noop("The task type %(name)s is unknown; accepted: %(accepted)s.")
        super().__init__(
            Message(text, {"name": repr(name[:100]), "accepted": ", ".join(accepted) or "-"})
        )


class InvalidPreference(LLMConfigError):
    """A value is of the wrong type or out of bounds, or a key is unknown."""

    code = "invalid"
    status = 400
    default_detail = gettext_noop("The preferences are not valid.")


class PreferenceTooLarge(InvalidPreference):
    """A value has the right form and takes too many bytes."""

    code = "too_large"
    status = 409
    default_detail = gettext_noop("A value takes too many bytes.")


class ModelStatedTwice(InvalidPreference):
    """``model`` and its alias ``preferred_model`` are stated with different values."""

    code = "model_stated_twice"
    status = 409
    default_detail = gettext_noop("The model is stated twice, with different values.")


class ReasonNotPrintable(InvalidPreference):
    """A reason has more than one line, or what no printer prints."""

    code = "reason_not_printable"
    status = 409


class MalformedConfig(LLMConfigError):
    """A configuration that came over the wire cannot be read."""

    code = "malformed_config"
    status = 400
    default_detail = gettext_noop("The configuration is malformed.")


class ModelNotAllowed(LLMConfigError):
    """Policy does not allow this model: the environment's, or that of the user's tiers."""

    code = "model_not_allowed"
    status = 409

    def __init__(self, model: str, *, field: str = "model", for_tier: bool = False) -> None:
        self.model = model
        self.field = field
        text = gettext_noop("The model %(model)s is not allowed here.")
        if for_tier:
            text = gettext_noop("No tier of the user allows the model %(model)s.")
        message = Message(text, {"model": model})
        super().__init__(message, errors={field: [message]})


class ModelNotPresent(LLMConfigError):
    """No live worker has the model, and this environment accepts only models that one has."""

    code = "model_not_present"
    status = 409

    def __init__(self, model: str, *, field: str = "model") -> None:
        self.model = model
        self.field = field
        text = gettext_noop("No live worker has the model %(model)s.")
        message = Message(text, {"model": model})
        super().__init__(message, errors={field: [message]})


class FallbackSameAsModel(LLMConfigError):
    """The fallback is the primary model itself."""

    code = "fallback_same_as_model"
    status = 409
    default_detail = gettext_noop("The fallback model is the same as the model.")


class NoAllowedModel(LLMConfigError):
    """Policy leaves no model for this user and task type; ``refusals`` say why, model by model."""

    code = "no_allowed_model"
    status = 409
    default_detail = gettext_noop("No configured model is allowed here.")

    def __init__(self, refusals: Sequence[Message] = ()) -> None:
        super().__init__(errors={"model": list(refusals)} if refusals else None)


class RequestLayerNotPermitted(LLMConfigError):
    """This environment takes no configuration from single requests."""

    code = "request_layer_not_permitted"
    status = 409
    default_detail = gettext_noop("This environment permits no configuration in a request.")


class UnknownVersion(LLMConfigError):
    """The history has no such version of this row."""

    code = "unknown_version"
    status = 404

    def __init__(self, name: str, version: int) -> None:
        text = gettext_noop("The history has no version %(version)s of %(name)s.")
        super().__init__(Message(text, {"version": version, "name": name}))


class EditConflict(LLMConfigError):
    """Somebody else has changed the row, or taken its place, since it was read."""

    code = "edit_conflict"
    status = 409

    @classmethod
    def changed(cls, name: str, expected: int, version: int) -> "EditConflict":
        text = gettext_noop(
            "Meanwhile %(name)s has changed: you edited version %(expected)s, it is at version"
            " %(version)s. Nothing was changed."
        )
        params = {"name": name, "expected": expected, "version": version}
        return cls(Message(text, params))

    @classmethod
    def deleted(cls, name: str) -> "EditConflict":
        text = gettext_noop("Meanwhile %(name)s has been deleted. Nothing was changed.")
        return cls(Message(text, {"name": name}))

    @classmethod
    def taken(cls, what: str) -> "EditConflict":
        """``what`` is ``scope``, ``rank``, ``group`` or ``number``."""
        text = gettext_noop("There is another row of the same %(what)s. Nothing was changed.")
        return cls(Message(text, {"what": Message(what)}))

    @classmethod
    def busy(cls) -> "EditConflict":
        text = gettext_noop("Others are saving. Nothing was changed; try again.")
        return cls(Message(text))

    @classmethod
    def owner_gone(cls) -> "EditConflict":
        text = gettext_noop("Meanwhile the user or group has been deleted. Nothing was changed.")
        return cls(Message(text))


class RollbackRefused(LLMConfigError):
    """A row cannot return to what it was; ``refusals`` has every one, in words, row by row."""

    code = "rollback_refused"
    status = 409

    def __init__(
        self, detail: str | Message | None = None, *, refusals: Mapping[str, Message] | None = None
    ) -> None:
        self.refusals = dict(refusals or {})
        super().__init__(
            detail, errors={name: [reason] for name, reason in self.refusals.items()} or None
        )


class PreconditionFailed(LLMConfigError):
    """The preferences changed since the caller read them."""

    code = "precondition_failed"
    status = 412
    default_detail = gettext_noop("The preferences have changed since you read them.")


class BodyTooLarge(LLMConfigError):
    """The request's body is larger than the server reads."""

    code = "body_too_large"
    status = 413
    default_detail = gettext_noop("The body of the request is too large.")


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that an operator has to mend in a file or variable."""

    #: File and line, or the variable's name.
    place: str
    #: Path of keys inside the place, "" for the whole of it.
    key: str
    message: Message

    def translate(self, gettext: Callable[[str], str]) -> str:
        return ": ".join(filter(None, (self.place, self.key, self.message.translate(gettext))))

    def __str__(self) -> str:
        return self.translate(str)


class ConfigurationError(LLMConfigError):
    """YAML or environment cannot be used; ``problems`` holds all that was found."""

    code = "configuration_error"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))
