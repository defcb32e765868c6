"""Parameters of a model hold for no run where nothing names the model."""

import pytest

from llmconfig.layers.static import static_config
from llmconfig.resolution.unnamed_params import names_stored, unnamed_params
from tests.llmconfig.conftest import INSIGHT, REPORT

PARAMS = "model_params: {'qwen3:8b': {top_k: 1}}"


@pytest.fixture
def unnamed(configure):
    def find(text="", others=(), **variables):
        configure(f"{PARAMS}\n{text}", **variables)
        return [each.model for each in unnamed_params(static_config(), others)]

    return find


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("", {}),
        ("default: {model: 'qwen3:14b'}", {"LLM_FALLBACK_MODEL": ""}),
        ("", {"LLM_ALLOWED_MODELS": "llama3*,qwen3,phi*"}),
        ("", {"LLM_ALLOWED_MODELS": "*"}),
    ],
)
def test_a_model_that_nothing_names_is_found(text, variables, unnamed):
    assert unnamed(text, **variables) == ["qwen3:8b"]


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("default: {model: library/Qwen3:8B}", {}),
        ("default: {model: 'qwen3:8b'}", {"LLM_DEFAULT_MODEL": "llama3.2:3b"}),
        (f"task_types: {{{INSIGHT}: {{fallback_model: 'qwen3:8b'}}}}", {}),
        ("user_preferences: {premium_model: 'qwen3:8b'}", {}),
        ("", {"LLM_FALLBACK_MODEL": "qwen3:8b"}),
        ("", {"LLM_ALLOWED_MODELS": "llama3*,qwen3:8b"}),
        ("", {"LLM_ALLOWED_MODELS": "llama3*,Qwen3:*"}),
    ],
)
def test_a_layer_or_the_allow_list_names_a_model(text, variables, unnamed):
    assert unnamed(text, **variables) == []


@pytest.mark.parametrize("other", ["qwen3:8b", "registry.ollama.ai/library/Qwen3:8B", "qwen*"])
def test_other_places_name_a_model_by_any_spelling(other, unnamed):
    assert unnamed(others=[other]) == []


def test_rows_and_the_lists_of_tiers_name_models(state, ada, premium):
    state(user=ada, model="library/Mine:1")
    state(task_type=REPORT, fallback_model="qwen3")
    state(group=premium, fallback_model="")
    premium.tier.allowed_models = ["phi*"]
    premium.tier.save()
    assert names_stored() == {"mine:1", "qwen3:latest", "phi*"}


@pytest.mark.parametrize(
    ("model", "nearest"), [("qwen3:8", "qwen3:8b"), ("qwen:8b", "qwen3:8b"), ("zzz:1", "")]
)
def test_the_nearest_name_is_told(model, nearest, configure):
    configure(f"default: {{model: 'qwen3:8b'}}\nmodel_params: {{'{model}': {{top_k: 1}}}}")
    [found] = unnamed_params(static_config())
    assert (found.place, found.nearest) == ("llm.yaml:2", nearest)
