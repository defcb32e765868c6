import json

import pytest

from llmconfig.errors import MalformedConfig
from llmconfig.types import Clamped, Origin, ResolvedConfig, Skipped, Statement

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


def test_explaining_adds_what_did_not_hold():
    wire = config(
        shadowed={"model": (Statement("model", "c:1", Origin("system", "built-in")),)},
        skipped=(Skipped("model", "d:1", ROW, "not_allowed"),),
        clamped=(Clamped("timeout_seconds", 90, 60, "deadline_seconds"),),
    ).to_wire(explain=True)
    assert wire["shadowed"] == {"model": [{"layer": "system", "place": "built-in", "value": "c:1"}]}
    assert wire["skipped"] == [
        {
            "field": "model",
            "value": "d:1",
            "layer": "user",
            "place": "preference 12 v3",
            "reason": "not_allowed",
        }
    ]
    assert wire["clamped"] == [
        {"field": "timeout_seconds", "stated": 90, "value": 60, "limit": "deadline_seconds"}
    ]


def test_what_was_written_is_read_back():
    written = config()
    assert ResolvedConfig.from_wire(json.loads(json.dumps(written.to_wire()))) == written


def test_a_long_place_keeps_its_end_where_file_and_line_stand():
    place = Origin("system", "/a" * 100 + "/llm.yaml:7").to_wire()["place"]
    assert len(place) == 120
    assert place.startswith("…/a")
    assert place.endswith("/llm.yaml:7")


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
