import pytest

from llmconfig.values.fields import FIELDS, fields_parse
from llmconfig.values.parameters import MODEL_PARAMETERS, PARAMETERS, RELOAD_OPTIONS


def messages(errors):
    if isinstance(errors, dict):
        return {key: messages(value) for key, value in errors.items()}
    return [str(message) for message in errors]


def test_zero_false_and_an_empty_fallback_are_statements():
    values, errors = fields_parse(
        {"max_retries": 0, "fallback_model": "", "parameters": {"temperature": 0}}
    )
    assert (values, errors) == (
        {"max_retries": 0, "fallback_model": "", "parameters": {"temperature": 0.0}},
        {},
    )


def test_null_and_nothing_state_nothing():
    stated = {"model": None, "max_retries": None, "parameters": {"top_p": None}}
    assert fields_parse(stated) == ({}, {})
    assert fields_parse({"parameters": None}) == ({}, {})
    assert fields_parse({"parameters": {}}) == ({}, {})


def test_every_wrong_field_is_told_at_once():
    _, errors = fields_parse(
        {
            "model": "",
            "timeout_seconds": 301,
            "colour": "red",
            "parameters": {"temperature": 3, "num_ctx": 1},
        }
    )
    assert messages(errors) == {
        "model": ["accepted: a model's name such as llama3.2:3b"],
        "timeout_seconds": ["accepted: 1 to 300 seconds"],
        "colour": [
            "unknown; accepted: model, fallback_model, timeout_seconds, "
            "first_token_timeout_seconds, max_retries, deadline_seconds, parameters"
        ],
        "parameters": {
            "temperature": ["accepted: a number from 0 to 2"],
            "num_ctx": ["unknown; accepted: " + ", ".join(PARAMETERS)],
        },
    }


@pytest.mark.parametrize("raw", [[], "x", 1, None])
def test_what_is_no_object_is_one_error(raw):
    assert messages(fields_parse(raw)[1]) == {"": ["accepted: an object"]}


def test_parameters_that_are_no_object_are_an_error_of_that_field():
    assert messages(fields_parse({"parameters": [1]})[1]) == {"parameters": ["accepted: an object"]}


def test_every_built_in_default_is_within_its_own_bounds():
    for field in FIELDS.values():
        assert field.default is None or field.kind.parse(field.default) == field.default


def test_options_that_reload_a_model_are_no_parameters():
    assert not set(RELOAD_OPTIONS) & set(PARAMETERS)
    assert set(RELOAD_OPTIONS) | set(PARAMETERS) < set(MODEL_PARAMETERS)
