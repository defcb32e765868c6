"""Whoever writes what a refusal says is accepted is not refused again.

Every field is written wrongly at every place where it may stand; each refusal is read as its reader
would, and what it names is written at the same place.
"""

import json
import re

import pytest
from django.core.exceptions import ValidationError

from llmconfig.admin.forms.kind_field import KindField, written_as
from llmconfig.layers.environment import FIELD_VARIABLES, environment_read, policy_read
from llmconfig.layers.located import Report
from llmconfig.layers.static import static_read
from llmconfig.layers.yaml_text import yaml_parse
from llmconfig.values.fields import FIELDS, fields_parse
from llmconfig.values.kinds import Seconds
from llmconfig.values.parameters import MODEL_PARAMETERS, PARAMETERS
from tests.llmconfig.conftest import ALL_TYPES, INSIGHT

#: JSON values, which YAML reads alike.
WRONG = [
    True, False, -7, 0.123, 10**12, "3", "soon", "a b", "a\tb", "a ", '""', "''", "none", "60x",
    [], [1], ["x"] * 9, ["x" * 65], ["😀" * 64], {"a": 1}, {},
]  # fmt: skip
#: What only YAML has.
WRONG_YAML = ["no", "Yes", "010", "1:30", ".nan", "2026-11-22", "0x10", "~x"]
WRONG_TEXTS = ["soon", "a b", "a\tb", '""', "''", '"3"', "1.5", "-7", "true", "none", "9" * 12]


class Unread(AssertionError):
    """A message that says what is accepted in words that this reader does not know."""


def named(message):
    """The values that a refusal says are accepted, as JSON values."""
    accepted = re.sub(r"; found: .*|; this takes .*", "", message.partition("accepted: ")[2])
    accepted, _, quoted = accepted.partition(", in quotes where YAML may read it otherwise, as ")
    values = [json.loads(quoted)] if quoted and not accepted.startswith("a list") else []
    if accepted.endswith((', or "" for none', ", or nothing for none")):
        values.append("")
    for pattern, read in READERS.items():
        if found := re.match(pattern, accepted):
            return values + read(*found.groups())
    raise Unread(message)


def _number(text):
    return float(text) if "." in text or "e" in text else int(text)


def _choice(text):
    """A word without quotes is one of a form."""
    return json.loads(text) if text in ("true", "false") or text.startswith('"') else text


READERS = {
    r"a (?:whole )?number from (\S+) to (\S+)": lambda *ends: [*map(_number, ends)],
    r"(\d+) to (\d+) seconds, written as (.*)": lambda least, most, forms: [
        int(least), int(most), *re.split(r", | or ", forms),
    ],
    r"(\d+) to (\d+) seconds": lambda *ends: [*map(int, ends)],
    r"true or false": lambda: [True, False],
    r"one of (true, .*)": lambda choices: [_choice(text) for text in choices.split(", ")],
    r"a model's name such as ([\w.:]*\w)": lambda name: [name],
    r"a list of at most (\d+) texts of 1 to (\d+) characters": lambda count, length: [
        ["x" * int(length)] * int(count), ["x"],
    ],
    r"one text on a line, \\n for a line break; at most (\d+) texts of 1 to (\d+) characters": (
        lambda count, length: ["\n".join(["x" * int(length)] * int(count)), "x\\ny"]
    ),
    r"a mapping|an object": lambda: [{}],
    r"1 to \d+ names and globs with commas between, as (\S+), or nothing": lambda text: [text, ""],
    r'an object as (\{.*\})': lambda text: [json.loads(text) and {}],
    r"the same without": list,
}  # fmt: skip


def in_file(*path):
    """Writes one value, or a raw scalar of YAML, at a path of a file."""

    def write(value, raw=None):
        text = raw if raw is not None else json.dumps(value)
        for key in reversed(path):
            text = f"{{{json.dumps(key)}: {text}}}"
        report = Report()
        with_problems(
            lambda: static_read(yaml_parse(text.encode(), "f", report), {}, NAMES, report)
        )
        return [str(problem) for problem in report.problems]

    return write


def in_json(variable, *path):
    def write(value):
        for key in reversed(path):
            value = {key: value}
        report = Report()
        environment_read({variable: json.dumps(value)}, report, NAMES)
        return [str(problem) for problem in report.problems]

    return write


def in_variable(variable):
    def write(value):
        report, variables = Report(), {variable: str(value)}
        environment_read(variables, report, NAMES)
        policy_read(variables, report)
        return [str(problem) for problem in report.problems]

    return write


def in_form(kind):
    def write(value):
        try:
            KindField(kind).clean(str(value))
        except ValidationError as error:
            return error.messages
        return []

    return write


def in_api(*path):
    def write(value):
        for key in reversed(path):
            value = {key: value}
        _values, errors = fields_parse(value)
        for key in path[:-1]:
            errors = errors.get(key, {})
        return [str(message) for message in errors.get(path[-1], [])]

    return write


def with_problems(work):
    try:
        work()
    except Exception as error:
        assert hasattr(error, "problems"), error  # noqa: PT017  (any other is a bug)


NAMES = tuple(ALL_TYPES)
KINDS = {**{name: field.kind for name, field in FIELDS.items()}, **PARAMETERS}
PATHS = {
    **{name: (name,) for name in FIELDS},
    **{name: ("parameters", name) for name in PARAMETERS},
}
PLACES = {
    **{f"file: default.{name}": in_file("default", *path) for name, path in PATHS.items()},
    **{f"file: {name}": in_file(*path) for name, path in PATHS.items()},
    **{f"file: llm.{name}": in_file("llm", *path) for name, path in PATHS.items()},
    **{
        f"file: task_types.{name}": in_file("task_types", INSIGHT, *path)
        for name, path in PATHS.items()
    },
    **{
        f"file: model_params.{name}": in_file("model_params", "a", name)
        for name in MODEL_PARAMETERS
    },
    "file: premium_model": in_file("user_preferences", "premium_model"),
    **{f"file: {name}": in_file(name) for name in ("default", "task_types", "model_params", "llm")},
    "file": in_file(),
    **{
        f"task_types in a variable: {name}": in_json("LLM_TASK_TYPE_CONFIGS", INSIGHT, *path)
        for name, path in PATHS.items()
    },
    **{
        f"model_params in a variable: {name}": in_json("LLM_MODEL_PARAMS", "a", name)
        for name in MODEL_PARAMETERS
    },
    **{f"API: {name}": in_api(*path) for name, path in PATHS.items()},
}
TEXT_PLACES = {
    **{f"variable: {name}": in_variable(name) for name in FIELD_VARIABLES},
    **{
        f"variable: {name}": in_variable(name)
        for name in ("LLM_ALLOWED_MODELS", "LLM_TASK_TYPE_CONFIGS", "LLM_MODEL_PARAMS")
    },
    **{f"form: {name}": in_form(kind) for name, kind in KINDS.items()},
}


def refusals(write, wrong):
    messages = [message for value in wrong for message in write(value)]
    silent = [each for each in messages if not re.search("accepted|belongs|stated twice", each)]
    assert not silent
    return [message for message in messages if "accepted" in message]


def unquoted(message):
    return "begins and ends with a quote" not in message


def written(value, place):
    """A value as it is written at a place of text."""
    if isinstance(value, bool | dict):
        return json.dumps(value)
    return "\n".join(value) if isinstance(value, list) else value


@pytest.mark.parametrize("place", PLACES)
def test_what_a_refusal_accepts_is_accepted_at_the_same_place(place):
    write = PLACES[place]
    messages = refusals(write, WRONG)
    if place.startswith("file"):
        messages += refusals(lambda raw: write(None, raw=raw), WRONG_YAML)
    assert messages
    for message in set(messages):
        if "unknown" in message:
            continue
        for value in named(message):
            assert write(value) == [], (message, value)


@pytest.mark.parametrize("place", TEXT_PLACES)
def test_what_a_refusal_accepts_is_accepted_as_a_text(place):
    write = TEXT_PLACES[place]
    messages = set(filter(unquoted, refusals(write, WRONG_TEXTS)))
    assert messages or place == "form: stop"
    for message in messages:
        for value in named(message):
            assert write(written(value, place)) == [], (message, value)


@pytest.mark.parametrize("name", KINDS)
def test_the_help_of_a_field_names_what_it_accepts(name):
    kind = KINDS[name]
    shown = written_as(kind)
    for value in named(f"accepted: {shown}"):
        assert in_form(kind)(written(value, "form")) == [], (shown, value)


SECTIONS = {
    (): {"default": {}, "task_types": {}, "model_params": {}, "user_preferences": {}},
    ("llm",): {"default": {}, "task_types": {}, "model_params": {}, "user_preferences": {}},
    ("default",): {},
    ("task_types", INSIGHT): {},
    ("model_params", "a"): {},
    ("default", "parameters"): {},
    ("user_preferences",): {"standard_model": "a", "premium_model": "a"},
    ("task_types",): {key: {} for key in NAMES},
}


@pytest.mark.parametrize("path", SECTIONS, ids=".".join)
def test_every_key_that_a_refusal_accepts_is_accepted_at_the_same_place(path):
    message = next(told for told in in_file(*path, "colour")(1) if "unknown" in told)
    keys = message.partition("accepted: ")[2].split(", ")
    assert len(keys) > 1
    for key in keys:
        assert in_file(*path, key)(SECTIONS[path].get(key)) == []
        assert not any("unknown" in told for told in in_file(*path, key)(1))


@pytest.mark.parametrize(
    "text", ["a:\n\tb: 1", "a: [1", "{'a': \t&x 1}", "\x07", "a: 1\n---\nb: 1", "- a", "1: x"]
)
def test_what_is_no_plain_yaml_is_refused_with_what_is(text):
    messages = in_file()(None, raw=text)
    assert messages
    assert all("accepted" in message for message in messages)


def test_every_kind_of_a_duration_tells_the_same_forms_everywhere():
    kinds = [kind for kind in KINDS.values() if isinstance(kind, Seconds)]
    assert {str(kind.written).partition("written as ")[2].split(",")[0] for kind in kinds} == {"60"}
