import json

import pytest

from llmconfig.values.errors import MalformedConfig
from llmconfig.values.types import Clamped, Origin, ResolvedConfig, Skipped

ROW = Origin("user", "preference 12 v3")


def config(**fields) -> ResolvedConfig:
    return ResolvedConfig(
        **{
            "model": "a:1",
            "fallback_model": "b:1",
            "timeout_seconds": 60,
            "first_token_timeout_seconds": None,
            "max_retries": 0,
            "deadline_seconds": 600,
            "parameters": {"temperature": 0.0, "stop": ["END"]},
            "model_parameters": {"primary": {"top_k": 3}, "fallback": {}},
            "source": "user",
            "origins": {"model": ROW, "parameters.temperature": Origin("system", "llm.yaml:3")},
            **fields,
        }
    )


def test_the_wire_shape_is_what_other_programs_read():
    assert config(config_version="0123456789abcdef").to_wire() == {
        "model": "a:1",
        "fallback_model": "b:1",
        "timeout_seconds": 60,
        "first_token_timeout_seconds": None,
        "max_retries": 0,
        "deadline_seconds": 600,
        "parameters": {"temperature": 0.0, "stop": ["END"]},
        "model_parameters": {"primary": {"top_k": 3}, "fallback": {}},
        "source": "user",
        "origins": {
            "model": {"layer": "user", "place": "preference 12 v3"},
            "parameters.temperature": {"layer": "system", "place": "llm.yaml:3"},
        },
        "config_version": "0123456789abcdef",
    }


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("not_allowed", "the environment does not allow the model 'd:1'"),
        ("not_allowed_for_tier", "no tier of the user allows the model 'd:1'"),
        ("same_as_model", "the fallback 'd:1' is the model itself"),
        ("invalid", "'d:1' is not valid; accepted: another value"),
    ],
)
def test_what_was_skipped_says_why_in_a_sentence(reason, sentence):
    assert Skipped("model", "d:1", ROW, reason).to_wire() == {
        "field": "model",
        "value": "d:1",
        "layer": "user",
        "place": "preference 12 v3",
        "reason": reason,
        "detail": sentence,
    }


def test_what_was_clamped_says_by_what():
    assert Clamped("timeout_seconds", 90, 60, "deadline_seconds").to_wire() == {
        "field": "timeout_seconds",
        "stated": 90,
        "value": 60,
        "limit": "deadline_seconds",
    }


def test_what_was_written_is_read_back():
    written = config()
    assert ResolvedConfig.from_wire(json.loads(json.dumps(written.to_wire()))) == written


def test_the_version_is_the_hash_of_the_values_alone():
    version = config().config_version
    assert len(version) == 16
    assert config(source="tier", origins={}).config_version == version
    assert config(max_retries=1).config_version != version
    assert config(parameters={}).config_version != version


def test_the_version_of_another_release_is_kept():
    assert ResolvedConfig.from_wire({"config_version": "from-elsewhere"}).config_version == (
        "from-elsewhere"
    )


def test_unknown_keys_are_ignored():
    wire = config().to_wire()
    wire["colour"] = "red"
    wire["parameters"] = {**wire["parameters"], "mirostat": 2}
    assert ResolvedConfig.from_wire(wire) == config()


def test_missing_keys_have_their_defaults():
    read = ResolvedConfig.from_wire({"model": "a:1"})
    assert (read.model, read.fallback_model, read.timeout_seconds) == ("a:1", "", 60)
    assert (read.max_retries, read.deadline_seconds, read.source) == (3, 600, "system")
    assert read.first_token_timeout_seconds is None
    assert read.model_parameters == {"primary": {}, "fallback": {}}


@pytest.mark.parametrize(
    ("wire", "key"),
    [
        (None, "llm_config"),
        ([], "llm_config"),
        ("{}", "llm_config"),
        ({"model": ""}, "model"),
        ({"model": 3}, "model"),
        ({"timeout_seconds": "60"}, "timeout_seconds"),
        ({"timeout_seconds": 10**9}, "timeout_seconds"),
        ({"max_retries": True}, "max_retries"),
        ({"parameters": [1]}, "parameters"),
        ({"parameters": {"temperature": "hot"}}, "parameters.temperature"),
        ({"model_parameters": {"primary": {"top_k": 1.5}}}, "model_parameters.primary.top_k"),
        ({"model_parameters": {"fallback": "x"}}, "model_parameters.fallback"),
        ({"source": 1}, "source"),
        ({"origins": {"model": "x"}}, "origins.model"),
        ({"origins": {"model": {"layer": 1}}}, "origins.model.layer"),
        ({"config_version": 1}, "config_version"),
    ],
)
def test_a_wrong_type_is_malformed_and_named(wire, key):
    with pytest.raises(MalformedConfig, match=rf"malformed: {key}; accepted: "):
        ResolvedConfig.from_wire(wire)
