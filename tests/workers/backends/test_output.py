"""What a model wrote is checked and cleaned before anything keeps it."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.backends.output import json_checked, text_checked, well_formed
from workers.runs.outcomes import AttemptFailed, Cause, Outcome

SCHEMA = {
    "type": "object",
    "properties": {
        "content": {"type": "string", "minLength": 1, "maxLength": 20},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 2},
        "confidence": {"type": "integer", "minimum": 0, "maximum": 100},
    },
    "required": ["content"],
    "additionalProperties": False,
}
ANYTHING = {"type": "object"}


def refusal(check, *arguments):
    with pytest.raises(AttemptFailed) as caught:
        check(*arguments)
    assert caught.value.outcome is Outcome.TRANSIENT
    return caught.value


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("  # Week\n\ntext \n", "# Week\n\ntext"),
        ("```\ntext\n```", "text"),
        ("```markdown\n# Week\n```", "# Week"),
        ("~~~ md \n# Week\n~~~", "# Week"),
        ("````\na\n```python\nx\n```\nb\n````", "a\n```python\nx\n```\nb"),
        ("```md\na\n```python\nx\n```\n```", "a\n```python\nx\n```"),
        ("nul\x00l", "null"),
        ("<think>So</think>\n```markdown\n# Week\n```\n<|im_end|>", "# Week"),
        ("<thi\x00nk>So</think>text", "text"),
        ("a\ud800b", "a\ufffdb"),
        ("\ud83d\ude00", "\U0001f600"),
    ],
)
def test_text_is_stripped_of_what_is_not_part_of_it(written, kept):
    assert text_checked(written) == kept


@pytest.mark.parametrize(
    "text",
    [
        "```python\nx = 1\n```",
        "```\na\n```\nand\n```\nb\n```",
        "before\n```\na\n```",
        "```\nnever closed",
        "a ``` b",
        "```",
        "👍",
    ],
)
def test_fences_that_do_not_wrap_the_whole_text_stay(text):
    assert text_checked(text) == text


@pytest.mark.parametrize("text", ["", " \n\t", "\x00", "```\n\n```", "\u200b \ufeff\u2060"])
def test_text_of_which_nothing_is_left_is_refused(text):
    assert refusal(text_checked, text).cause is Cause.EMPTY


@pytest.mark.parametrize(
    "text",
    ["<think>So</think>", "<think>So", "So\n</think>\n", "<|im_end|><think>So</think><|im_end|>"],
)
def test_text_that_is_only_thinking_is_no_answer(text):
    with pytest.raises(AttemptFailed) as caught:
        text_checked(text)
    failed = caught.value
    assert (failed.outcome, failed.cause) == (Outcome.UNUSABLE, Cause.ONLY_THINKING)


@pytest.mark.parametrize("text", ["<|im_end|>", " <|eot_id|>\n<|return|> "])
def test_text_that_is_only_special_tokens_is_empty(text):
    failed = refusal(text_checked, text)
    assert failed.cause is Cause.EMPTY
    assert failed.reason == "The answer is empty but for special tokens"


def test_an_object_that_fits_the_schema_is_returned_with_its_strings_stripped():
    text = '{"content": " a ", "tags": ["b "], "confidence": 70}'
    assert json_checked(text, SCHEMA) == {"content": "a", "tags": ["b"], "confidence": 70}


@pytest.mark.parametrize(
    "text",
    [
        '```json\n{"content": "a"}\n```',
        '```\n{"content": "a"}\n```',
        '```json {"content": "a"}```',
        '\ufeff {"content": "a"}\n',
        'Sure!\n\n{"content": "a"}',
        '{"content": "a"}\n\nI hope that helps {you}.',
        'Here it is:\n```json\n{"content": "a"}\n```\nLet me know.',
        '```json\n{"content": "a"}',
        'In the form {content}: {"content": "a"}',
        '{} or rather {"content": "a"}',
        '{"content": ""} or rather {"content": "a"}, or {"content": "b"}',
        '<think>{"content": "b"}?</think>{"content": "a"}',
        'First {"content": "b"}.\n</think>\n{"content": "a"}',
        '{"content": "a"}<|im_end|>',
        '[{"content": "a"}]',
        '"{\\"content\\": \\"a\\"}"',
    ],
)
def test_the_object_is_found_among_fences_words_and_thinking(text):
    assert json_checked(text, SCHEMA) == {"content": "a"}


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ('{"content": "x <think> y"}', "x <think> y"),
        ('{"content": "x\\n</think>\\n"} That is all.', "x\n</think>"),
        ('{"content": "<|im_end|>"}', "<|im_end|>"),
    ],
)
def test_markers_inside_the_strings_of_an_object_stay(text, content):
    assert json_checked(text, SCHEMA) == {"content": content}


def test_keys_that_a_closed_object_does_not_name_are_dropped_at_every_depth():
    inner = {"type": "object", "properties": {"a": {}}, "additionalProperties": False}
    schema = {**inner, "properties": {"a": {}, "b": {"type": "array", "items": inner}, "c": {}}}
    text = '{"a": 1, "x": 2, "b": [{"a": 3, "x": 4}], "c": {"x": 5}}'
    assert json_checked(text, schema) == {"a": 1, "b": [{"a": 3}], "c": {"x": 5}}


def test_a_coercion_that_cannot_decide_is_told():
    def coerce(value):
        raise ValueError("$.content: which?")

    failed = refusal(json_checked, '{"content": "a"}', SCHEMA, coerce)
    assert failed.reason == "The answer is not valid: $.content: which?"


def test_the_problem_of_the_first_object_is_told():
    failed = refusal(json_checked, '{"content": 1} {"content": 2}', SCHEMA)
    assert failed.reason == "The answer is not valid: $.content: 1 is not of type 'string'"


def test_json_is_cleaned_of_what_cannot_be_stored():
    text = r'{"a\u0000": ["\ud800 x\u0000", "\ud83d\ude00"], "b": {"c": "\udfff"}}'
    assert json_checked(text, ANYTHING) == {
        "a": ["\ufffd x", "\U0001f600"],
        "b": {"c": "\ufffd"},
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Here you are: {}",
        '{"content": "cut off in the mi',
        '<think>{"content": "a"}',
        "[]",
        '"content"',
        "null",
        "[" * 100_000,
        '{"content": "a", "confidence": NaN}',
        '{"content": "a", "confidence": 1e999}',
        '{"content": "a", "confidence": ' + "9" * 5_000 + "}",
        '{"content": "a", "confidence": 101}',
        '{"content": "a", "confidence": 70.5}',
        '{"content": "a", "confidence": true}',
        '{"content": "a", "confidence": "70"}',
        '{"content": "a", "tags": "b"}',
        '{"content": "a", "tags": ["b", "c", "d"]}',
        '{"content": ""}',
        '{"content": "  "}',
        r'{"content": "\u0000"}',
        '{"tags": []}',
    ],
    ids=lambda text: text[:40],
)
def test_what_is_not_valid_by_the_schema_is_refused(text):
    assert refusal(json_checked, text, SCHEMA).cause is Cause.INVALID_OUTPUT


def test_a_refusal_tells_the_place():
    assert (
        "$.confidence"
        in refusal(json_checked, '{"content": "a", "confidence": 101}', SCHEMA).reason
    )


@pytest.mark.parametrize(
    "text",
    [
        "```\n" + " " * 500_000 + "x",
        "`" * 500_000,
        "```\n" * 100_000,
        "{" * 500_000,
        '{"a":' * 100_000,
        '{"a": "' * 100_000,
    ],
    ids=lambda text: text[:6],
)
def test_hostile_text_is_checked_in_no_time(text):
    began = time.thread_time()
    text_checked(text)
    refusal(json_checked, text, SCHEMA)
    assert time.thread_time() - began < 2


UNIQUE = {"properties": {"a": {"type": "array", "uniqueItems": True}}}


@pytest.mark.parametrize(
    "value",
    [
        {"content": "a", "tags": [1] * 400_000},
        {"content": "a", **dict.fromkeys(map(str, range(80_000)), 1)},
        {"content": [{}] * 300_000},
    ],
    ids=["a long array", "many keys", "many objects"],
)
def test_json_of_countless_values_is_refused_in_no_time(value):
    text = json.dumps(value)
    began = time.thread_time()
    assert "more than 10000 values" in refusal(json_checked, text, SCHEMA).reason
    assert time.thread_time() - began < 2


def test_thousands_of_values_are_compared_in_no_time():
    text = json.dumps({"a": [{"n": number} for number in range(4_000)]})
    began = time.thread_time()
    assert len(json_checked(text, UNIQUE)["a"]) == 4_000
    assert time.thread_time() - began < 2


@pytest.mark.parametrize(
    ("array", "is_unique"),
    [
        ('[1, "1", true, [1], {"n": 1}]', True),
        ("[1, 1]", False),
        ("[1, 1.0]", False),
        ('[{"a": 1, "b": [2]}, {"b": [2.0], "a": 1}]', False),
    ],
)
def test_unique_items_are_compared_as_json_schema_says(array, is_unique):
    text = f'{{"a": {array}}}'
    if is_unique:
        json_checked(text, UNIQUE)
    else:
        assert "non-unique" in refusal(json_checked, text, UNIQUE).reason


@given(st.text(st.characters()))
def test_well_formed_text_can_be_stored(text):
    kept = well_formed(text)
    assert "\x00" not in kept
    assert kept.encode().decode() == kept


@given(st.text())
def test_text_that_can_be_stored_is_left_alone(text):
    assert well_formed(text) == text.replace("\x00", "")
