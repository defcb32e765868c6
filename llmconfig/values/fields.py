"""The one table of fields: kind, bounds and built-in default of everything a layer may state.

Not stated is a key that is absent (null in JSON and YAML, NULL in a row); it is never None as a
value. ``0``, ``0.0``, ``false`` and ``fallback_model: ""`` are statements.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from llmconfig.values.errors import InvalidPreference, ModelStatedTwice, PreferenceTooLarge
from llmconfig.values.kinds import Integer, Kind, ModelName, Refused, Seconds, TooLargeMessage
from llmconfig.values.messages import Message, gettext_noop
from llmconfig.values.parameters import LOAD_TIMEOUT, PARAMETERS, RELOAD_OPTIONS
from llmconfig.values.texts import printable

#: Errors by key: a list of messages, or a mapping of the same form for a nested object.
Errors = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Field:
    kind: Kind
    #: What holds where no layer states the field; None: nothing does.
    default: Any


FIELDS: Mapping[str, Field] = {
    "model": Field(kind=ModelName(), default="llama3.2:3b"),
    "fallback_model": Field(kind=ModelName(may_be_empty=True), default="llama3.2:1b"),
    "timeout_seconds": Field(kind=Seconds(1, 300), default=60),
    "first_token_timeout_seconds": Field(kind=Seconds(1, 300), default=None),
    "max_retries": Field(kind=Integer(0, 10), default=3),
    "deadline_seconds": Field(kind=Seconds(1, 86_400), default=600),
}
PARAMETERS_KEY = "parameters"

NOT_AN_OBJECT = Message(gettext_noop("accepted: an object"))


def unknown_key(key: object, accepted: Iterable[str]) -> Message:
    """The complaint about a key that does not belong where it stands; where it does, if anywhere.

    ``accepted`` are the keys that do.
    """
    names = tuple(accepted)
    if key in RELOAD_OPTIONS or key == LOAD_TIMEOUT:
        text = gettext_noop(
            "belongs to a model, because it makes the model load again: state it in model_params"
            " of the YAML file, or in LLM_MODEL_PARAMS"
        )
        return Message(text)
    if key in PARAMETERS and PARAMETERS_KEY in names:
        return Message(gettext_noop("belongs under parameters"))
    text = gettext_noop("unknown; accepted: %(accepted)s")
    return Message(text, {"accepted": ", ".join(names)})


def fields_parse(raw: object) -> tuple[dict[str, Any], Errors]:
    """Stated fields and errors of one JSON object, ``parameters`` nested as given.

    Nulls and empty ``parameters`` are left out: they state nothing.
    """
    kinds = {name: field.kind for name, field in FIELDS.items()}
    if not isinstance(raw, Mapping):
        return {}, {"": [NOT_AN_OBJECT]}
    plain = {key: value for key, value in raw.items() if key != PARAMETERS_KEY}
    values, errors = _parse(plain, kinds, (*FIELDS, PARAMETERS_KEY))
    nested = raw.get(PARAMETERS_KEY)
    if nested is not None:
        parameters, wrong = parameters_parse(nested)
        if parameters:
            values[PARAMETERS_KEY] = parameters
        if wrong:
            errors[PARAMETERS_KEY] = wrong.get("", wrong)
    return values, errors


class StatedTwice(Message):
    """A complaint that no schema of the API could have made: two members contradict each other."""


def invalid_preference(errors: Errors) -> InvalidPreference:
    """What to raise: a subclass where only what no schema could forbid is wrong."""
    kinds = {type(each) for each in _leaves(errors)}
    if kinds <= {TooLargeMessage}:
        return PreferenceTooLarge(errors=errors)
    if kinds <= {TooLargeMessage, StatedTwice}:
        return ModelStatedTwice(errors=errors)
    return InvalidPreference(errors=errors)


def _leaves(errors: Mapping[str, Any]) -> Iterator[Message]:
    for wrong in errors.values():
        yield from _leaves(wrong) if isinstance(wrong, Mapping) else wrong


def parameters_parse(raw: object) -> tuple[dict[str, Any], Errors]:
    """The same for the parameters alone; an error of the whole object stands under ""."""
    if not isinstance(raw, Mapping):
        return {}, {"": [NOT_AN_OBJECT]}
    return _parse(raw, PARAMETERS, tuple(PARAMETERS))


def _parse(
    raw: Mapping[Any, object], kinds: Mapping[str, Kind], accepted: tuple[str, ...]
) -> tuple[dict[str, Any], Errors]:
    values: dict[str, Any] = {}
    errors: Errors = {}
    for key, value in raw.items():
        if key not in kinds:
            errors[printable(str(key))] = [unknown_key(key, accepted)]
        elif value is not None:
            _parse_one(kinds[key].parse, key, value, values, errors)
    return values, errors


def _parse_one(
    parse: Callable[[object], Any], key: str, value: object, values: dict[str, Any], errors: Errors
) -> None:
    try:
        values[key] = parse(value)
    except Refused as error:
        errors[key] = [error.message]
