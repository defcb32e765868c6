"""The files that the project ships: valid, and what the demo and the README say of them."""

from pathlib import Path

import pytest

from llmconfig.layers.static import static_config
from llmconfig.resolution.selectors import config_resolve, reload_options
from tests.llmconfig.conftest import ALL_TYPES, INSIGHT, REPORT, TEXT

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture
def shipped(settings):
    def use(name):
        settings.LLM_CONFIG_FILE = CONFIG / name
        settings.LLM_ENVIRON = {}
        return static_config()

    return use


def test_the_default_file_names_models_of_ollamas_library(shipped, db):
    shipped("llm.yaml")
    insight = config_resolve(user_id=None, task_type=INSIGHT)
    assert (insight.model, insight.fallback_model) == ("llama3.2:3b", "llama3.2:1b")
    assert (insight.timeout_seconds, insight.max_retries, insight.source) == (45, 2, "task_type")
    report = config_resolve(user_id=None, task_type=REPORT)
    assert (report.model, report.deadline_seconds) == ("llama3.1:8b", 86_400)
    assert config_resolve(user_id=None, task_type=TEXT).source == "system"


def test_the_embedded_file_names_only_what_the_embedded_server_has(shipped):
    static = shipped("llm.embedded.yaml")
    named = {
        statement.value
        for source in static.sources[1:]
        for statement in source.statements()
        if statement.field in ("model", "fallback_model")
    }
    assert named | set(static.model_params) == {
        "smollm2:135m",
        "smollm2-short:135m",
        "smollm2-long:135m",
    }


@pytest.mark.parametrize("task_type", ALL_TYPES)
def test_embedded_runs_are_deterministic_and_bounded(task_type, shipped, db):
    shipped("llm.embedded.yaml")
    config = config_resolve(user_id=None, task_type=task_type)
    assert (config.parameters["temperature"], config.parameters["seed"]) == (0, 42)
    for of_model in config.model_parameters.values():
        assert {**of_model, **config.parameters}["max_tokens"] <= 300
    assert config.source == "task_type"
    assert reload_options(config.model)["context_window"] == 4096
