"""Reads the YAML file's vocabulary into statements; the environment's JSON shares its parts.

The older form loads unchanged: everything may stand under ``llm:``; the defaults may stand under
``default:`` or at the top (``default_model``, ``timeout``, ...); durations may be written ``60s``.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from llmconfig.layers.located import KEY_LENGTH, Located, Report, found
from llmconfig.layers.yaml_text import Ambiguous
from llmconfig.values.fields import FIELDS, PARAMETERS_KEY, unknown_key
from llmconfig.values.kinds import Kind, Refused
from llmconfig.values.messages import Message, gettext_noop
from llmconfig.values.model_names import normalise_model
from llmconfig.values.parameters import LOAD_TIMEOUT, MODEL_PARAMETERS, PARAMETERS
from llmconfig.values.texts import printable
from llmconfig.values.types import Origin, Statement

#: Other spellings of fields, accepted wherever fields stand.
ALIASES = {
    "timeout": "timeout_seconds",
    "first_token_timeout": "first_token_timeout_seconds",
    "deadline": "deadline_seconds",
    "load_timeout": LOAD_TIMEOUT,
}
#: Further spellings of the defaults, where they stand at the top.
TOP_ALIASES = {"default_model": "model", "default_timeout": "timeout_seconds"}

SECTIONS = ("default", "task_types", "model_params", "user_preferences")
#: Keys of ``user_preferences`` and the tiers for which they state ``model``, weakest tier first.
TIER_MODELS = {"standard_model": "standard", "premium_model": "premium"}

_FIELD_KINDS: Mapping[str, Kind] = {name: stated.kind for name, stated in FIELDS.items()}


@dataclass(frozen=True, kw_only=True)
class Source:
    """All that one file, or the environment, states."""

    system: tuple[Statement, ...] = ()
    task_types: Mapping[str, tuple[Statement, ...]] = field(default_factory=dict)
    #: By the tier's name.
    tiers: Mapping[str, tuple[Statement, ...]] = field(default_factory=dict)
    #: By normalised model name, of the layer ``model_params``.
    model_params: Mapping[str, tuple[Statement, ...]] = field(default_factory=dict)

    def statements(self) -> Iterable[Statement]:
        """Everything it states about fields."""
        yield from self.system
        for group in (self.task_types, self.tiers):
            for statements in group.values():
                yield from statements


def document_read(root: Located, report: Report, task_types: tuple[str, ...]) -> Source:
    """The whole file. What is wrong goes to the report and is left out."""
    top, path = dict(report.mapping(root, "")), ""
    if "llm" in top:
        for key, node in top.items():
            if key != "llm":
                text = gettext_noop("belongs under llm, as everything does where llm is stated")
                report.add(node.place, key, Message(text))
        top, path = dict(report.mapping(top["llm"], "llm")), "llm."
    sections = {name: top.pop(name) for name in SECTIONS if name in top}
    defaults = [(f"{path}{key}", TOP_ALIASES.get(key, key), node) for key, node in top.items()]
    if "default" in sections:
        members = report.mapping(sections["default"], f"{path}default")
        defaults += [(f"{path}default.{key}", key, node) for key, node in members.items()]
    nothing = Located(None, root.place)
    return Source(
        system=_fields(defaults, "system", report, top=path),
        task_types=task_types_read(
            sections.get("task_types", nothing), f"{path}task_types", report, task_types
        ),
        tiers=_tiers(sections.get("user_preferences", nothing), f"{path}user_preferences", report),
        model_params=model_params_read(
            sections.get("model_params", nothing), f"{path}model_params", report
        ),
    )


def task_types_read(
    node: Located, path: str, report: Report, names: tuple[str, ...]
) -> dict[str, tuple[Statement, ...]]:
    """``{task type: {fields}}`` as statements of the layer ``task_type``."""
    stated = {}
    for name, item in report.mapping(node, path).items():
        key = f"{path}.{name}" if path else name
        if name not in names:
            text = gettext_noop("unknown task type; accepted: %(accepted)s")
            report.add(item.place, key, Message(text, {"accepted": ", ".join(names)}))
        members = report.mapping(item, key).items()
        fields = [(f"{key}.{member}", member, value) for member, value in members]
        stated[name] = _fields(fields, "task_type", report)
    return stated


def model_params_read(node: Located, path: str, report: Report) -> dict[str, tuple[Statement, ...]]:
    """``{model: {parameter: value}}`` as statements, by normalised model name."""
    stated: dict[str, tuple[Statement, ...]] = {}
    for model, item in report.mapping(node, path).items():
        key = f"{path}.{model}" if path else model
        _parsed(_FIELD_KINDS["model"], Located(model, item.place), key, report)
        name = normalise_model(model)
        if name in stated:
            report.add(item.place, key, Message(gettext_noop("the same model is stated twice")))
        members = report.mapping(item, key).items()
        entries = [(f"{key}.{member}", member, value) for member, value in members]
        stated[name] = tuple(
            Statement(parameter, value.value, Origin("model_params", value.place))
            for parameter, value in _values(entries, MODEL_PARAMETERS, report)
        )
    return stated


def _tiers(node: Located, path: str, report: Report) -> dict[str, tuple[Statement, ...]]:
    members = report.mapping(node, path)
    _refuse_unknown(members, tuple(TIER_MODELS), report, f"{path}.")
    return {
        tier: _fields([(f"{path}.{key}", "model", members[key])], "tier", report)
        for key, tier in TIER_MODELS.items()
        if key in members
    }


Entry = tuple[str, str, Located]


def _fields(
    entries: list[Entry], layer: str, report: Report, top: str | None = None
) -> tuple[Statement, ...]:
    """Entries of (path, name, value) as statements of one layer.

    ``top`` is the path of where sections may stand as well; None: nowhere.
    """
    nested: list[Entry] = []
    for path, name, node in entries:
        if name == PARAMETERS_KEY:
            members = report.mapping(node, path).items()
            nested += [(f"{path}.{member}", member, value) for member, value in members]
    plain = [entry for entry in entries if entry[1] != PARAMETERS_KEY]
    return tuple(
        Statement(name, node.value, Origin(layer, node.place))
        for name, node in (
            *_values(plain, _FIELD_KINDS, report, (*FIELDS, PARAMETERS_KEY), top),
            *(
                (f"{PARAMETERS_KEY}.{name}", node)
                for name, node in _values(nested, PARAMETERS, report)
            ),
        )
    )


def _values(
    entries: list[Entry],
    kinds: Mapping[str, Kind],
    report: Report,
    accepted: tuple[str, ...] = (),
    top: str | None = None,
) -> Iterable[tuple[str, Located]]:
    """Parsed values by their one name; nulls state nothing."""
    seen: dict[str, str] = {}
    for path, written, node in entries:
        name = ALIASES.get(written, written)
        if name not in kinds:
            sections = SECTIONS if top is not None and path == top + written else ()
            report.add(node.place, path, unknown_key(name, (*(accepted or kinds), *sections)))
        elif name in seen:
            text = gettext_noop("stated twice; the first time as %(key)s")
            report.add(node.place, path, Message(text, {"key": printable(seen[name], KEY_LENGTH)}))
        elif node.value is not None:
            seen[name] = path
            yield name, Located(_parsed(kinds[name], node, path, report), node.place)


def _parsed(kind: Kind, node: Located, path: str, report: Report) -> Any:
    value = node.plain()
    word = next((each for each in _scalars(value) if isinstance(each, Ambiguous)), None)
    try:
        parsed = kind.parse_written(value)
    except Refused as error:
        report.add(node.place, path, found(error.accepted, value))
        return None
    if word is None:
        return parsed
    text = gettext_noop(
        "accepted: %(accepted)s, in quotes where YAML may read it otherwise, as %(word)s"
    )
    quoted = {"accepted": kind.accepted, "word": json.dumps(word)}
    report.add(node.place, path, Message(text, quoted))
    return None


def _scalars(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else (value,)


def _refuse_unknown(
    members: Mapping[str, Located], accepted: tuple[str, ...], report: Report, path: str = ""
) -> None:
    for key, node in members.items():
        if key not in accepted:
            report.add(node.place, path + key, unknown_key(key, accepted))
