"""What is told of payloads and results is what is checked."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from rest_framework import serializers

from workers import task_types
from workers.runs.errors import InvalidPayload
from workers.task_types.payloads import EntriesPayload, PromptPayload, payload_clean
from workers.task_types.schemas import payload_schema, result_schema, schema_of
from workers.task_types.strict_fields import WORDS

KINDS = {kind.name: kind for kind in task_types.registered()}
LENIENT = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def kind_of(payload):
    return next(kind for kind in KINDS.values() if kind.payload is payload)


def accepted(payload, value):
    try:
        payload_clean(payload, value)
    except InvalidPayload:
        return False
    return True


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_each_is_a_schema(kind):
    for schema in (payload_schema(kind), result_schema(kind)):
        Draft202012Validator.check_schema(schema)


TEXTS = st.sampled_from(["", " ", "\n", "a\0b", "one", " one\n", "\x1c", "\u3000", "2026-11-16"])
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), TEXTS, st.text())
ENTRIES = st.one_of(
    SCALARS,
    st.fixed_dictionaries({}, optional={"text": SCALARS, "date": SCALARS, "mood": SCALARS}),
)
NEAR = {
    PromptPayload: st.fixed_dictionaries({}, optional={"prompt": SCALARS, "promt": SCALARS}),
    EntriesPayload: st.fixed_dictionaries(
        {},
        optional={
            "entries": st.one_of(SCALARS, st.lists(ENTRIES, max_size=3)),
            "context": st.one_of(SCALARS, st.just({"team": 3}), st.just([])),
            "contxt": SCALARS,
        },
    ),
}


@pytest.mark.parametrize("payload", NEAR)
def test_a_payload_is_accepted_exactly_where_it_is_valid(payload):
    validator = Draft202012Validator(
        payload_schema(kind_of(payload)), format_checker=Draft202012Validator.FORMAT_CHECKER
    )

    @LENIENT
    @given(NEAR[payload])
    def holds(value):
        assert accepted(payload, value) == validator.is_valid(value), value

    holds()


def test_what_is_no_word_is_told_by_its_characters():
    r"""``\s`` has other characters in every language that reads a schema."""
    assert "\\s" not in WORDS
    characters = [chr(number) for number in (*range(0xD800), *range(0xE000, 0x10000))]
    words = [one for one in characters if re.search(WORDS, one)]
    assert words == [one for one in characters if one.strip() and one != "\0"]


def test_limits_are_told():
    entries = payload_schema(kind_of(EntriesPayload))["properties"]["entries"]
    assert (entries["minItems"], entries["maxItems"]) == (1, 500)
    prompt = payload_schema(kind_of(PromptPayload))["properties"]["prompt"]
    assert accepted(PromptPayload, {"prompt": "x" * prompt["maxLength"]})
    assert "262144 bytes" in payload_schema(kind_of(PromptPayload))["description"]


def test_what_insights_become_is_what_their_result_schema_says():
    kind = KINDS["TASK_TYPE_INSIGHT_GENERATION"]

    for confidence in (0, 1, 99, 100):
        answer = {"content": "Two themes.", "tags": ["work"], "confidence": confidence}
        assert Draft202012Validator(kind.output_schema).is_valid(answer)
        assert Draft202012Validator(result_schema(kind)).is_valid(kind.finish(answer))


class Everything(serializers.Serializer):
    flag = serializers.BooleanField(help_text="Yes or no.")
    number = serializers.IntegerField(min_value=1, allow_null=True, required=False)
    ratio = serializers.FloatField(max_value=1)
    word = serializers.ChoiceField(choices=["a", "b"])
    name = serializers.CharField(trim_whitespace=False, max_length=9)
    pairs = serializers.DictField(child=serializers.CharField(allow_blank=True))
    any = serializers.JSONField()
    told = serializers.CharField(read_only=True)


def test_serializers_of_other_apps_are_told_too():
    assert schema_of(Everything()) == {
        "type": "object",
        "properties": {
            "flag": {"type": "boolean", "description": "Yes or no."},
            "number": {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]},
            "ratio": {"type": "number", "maximum": 1},
            "word": {"enum": ["a", "b"]},
            "name": {"type": "string", "minLength": 1, "maxLength": 9},
            "pairs": {"type": "object", "additionalProperties": {"type": "string"}},
            "any": {},
        },
        "required": ["flag", "ratio", "word", "name", "pairs", "any"],
    }
