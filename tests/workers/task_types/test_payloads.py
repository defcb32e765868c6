"""What a payload may be: bounded, storable, and nothing unknown in it."""

import pytest

from workers.runs.errors import InvalidPayload, PayloadNotStorable, PayloadTooLarge
from workers.task_types.payloads import EntriesPayload, PromptPayload, payload_clean


def deep(levels):
    value = "x"
    for _ in range(levels):
        value = {"a": value}
    return value


def test_entries_are_strings_or_objects_with_text_and_date():
    cleaned = payload_clean(
        EntriesPayload, {"entries": ["one", {"text": "two", "date": "2026-11-16"}]}
    )
    assert cleaned == {"entries": [{"text": "one"}, {"text": "two", "date": "2026-11-16"}]}


def test_context_is_kept_as_text_or_object():
    for context in ("plain", {"team": {"size": 3}}):
        cleaned = payload_clean(EntriesPayload, {"entries": ["one"], "context": context})
        assert cleaned["context"] == context


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        "text",
        {},
        {"entries": []},
        {"entries": "one"},
        {"entries": [""]},
        {"entries": [7]},
        {"entries": [{"date": "2026-11-16"}]},
        {"entries": [{"text": "one", "date": "yesterday"}]},
        {"entries": [{"text": "one", "mood": "good"}]},
        {"entries": ["one"] * 501},
        {"entries": ["one"], "context": 7},
        {"entries": ["one"], "contxt": "typo"},
        {"entries": ["one"], "context": deep(30)},
        {"entries": ["a\x00b"]},
        {"entries": ["one"], "context": {"k": "a\x00b"}},
        {"entries": ["one"], "context": {"a\x00b": 1}},
        {"entries": ["\ud800"]},
        {"entries": ["one"], "context": {"k": "\ud800"}},
        {"entries": ["one"], "context": {"k": float("nan")}},
    ],
)
def test_other_shapes_are_refused(payload):
    with pytest.raises(InvalidPayload):
        payload_clean(EntriesPayload, payload)


def test_an_escaped_backslash_before_u0000_is_text_and_not_a_nul():
    assert payload_clean(PromptPayload, {"prompt": "\\u0000"}) == {"prompt": "\\u0000"}


def test_a_prompt_keeps_its_white_space():
    assert payload_clean(PromptPayload, {"prompt": " a\n"}) == {"prompt": " a\n"}


@pytest.mark.parametrize("prompt", ["", "   ", None, ["a"]])
def test_a_prompt_is_non_empty_text(prompt):
    with pytest.raises(InvalidPayload):
        payload_clean(PromptPayload, {"prompt": prompt})


def test_the_limit_is_256_kb_of_json():
    fits = 256 * 1024 - len('{"entries":[""]}')
    assert payload_clean(EntriesPayload, {"entries": ["a" * fits]})
    with pytest.raises(PayloadTooLarge):
        payload_clean(EntriesPayload, {"entries": ["a" * (fits + 1)]})
    with pytest.raises(PayloadTooLarge):
        payload_clean(PromptPayload, {"prompt": "é" * 140_000})


def test_a_prompt_has_at_most_200_000_characters():
    assert payload_clean(PromptPayload, {"prompt": "a" * 200_000})
    with pytest.raises(InvalidPayload):
        payload_clean(PromptPayload, {"prompt": "a" * 200_001})


@pytest.mark.parametrize(
    "context", [deep(30), {"k": "a\x00b"}, {"a\x00b": 1}, {"k": "\ud800"}, {"k": float("nan")}]
)
def test_what_no_schema_forbids_and_no_database_holds_is_a_conflict(context):
    with pytest.raises(PayloadNotStorable):
        payload_clean(EntriesPayload, {"entries": ["one"], "context": context})
