import json

import pytest

from llmconfig.models import Tier
from llmconfig.resolution.explain import config_explain, origin_link
from llmconfig.resolution.selectors import config_resolve
from llmconfig.values.types import Origin
from tests.llmconfig.conftest import ALL_TYPES, INSIGHT, SEED

pytestmark = pytest.mark.django_db

CONFIG = (
    SEED
    + """\
model_params:
  "llama3.2:3b": {temperature: 0.7, top_k: 40, context_window: 8192}
  "llama3.2:1b": {temperature: 0.9, num_gpu: 0}
"""
)


@pytest.fixture(autouse=True)
def _seed(configure):
    configure(CONFIG, LLM_ALLOWED_MODELS="llama3.2:*", LLM_MAX_RETRIES="0")


def explained(user, name):
    return config_explain(user_id=user and user.pk, task_type=INSIGHT).field(name)


def test_every_field_has_value_layer_and_place(ada, state):
    row = state(user=ada, timeout_seconds=30, parameters={"temperature": 0})
    stated = {
        each.name: (each.value, each.origin.layer, each.origin.place)
        for each in config_explain(user_id=ada.pk, task_type=INSIGHT).fields
    }
    assert stated == {
        "model": ("llama3.2:3b", "task_type", "llm.yaml:3"),
        "fallback_model": ("llama3.2:1b", "system", "llm.yaml:1"),
        "timeout_seconds": (30, "user", f"preference {row.pk} v1"),
        "first_token_timeout_seconds": (None, "system", "built-in"),
        "max_retries": (2, "task_type", "llm.yaml:3"),
        "deadline_seconds": (600, "system", "built-in"),
        "parameters.temperature": (0.0, "user", f"preference {row.pk} v1"),
        "model_parameters.primary.temperature": (0.7, "model_params", "llm.yaml:7"),
        "model_parameters.primary.top_k": (40, "model_params", "llm.yaml:7"),
        "reload_options.primary.context_window": (8192, "model_params", "llm.yaml:7"),
        "reload_options.primary.load_timeout_seconds": (300, "model_params", "built-in"),
        "model_parameters.fallback.temperature": (0.9, "model_params", "llm.yaml:8"),
        "reload_options.fallback.num_gpu": (0, "model_params", "llm.yaml:8"),
        "reload_options.fallback.load_timeout_seconds": (300, "model_params", "built-in"),
    }


def test_what_a_field_shadows_is_told_nearest_first(ada):
    shadowed = explained(ada, "max_retries").shadowed
    assert [(each.value, each.origin.place) for each in shadowed] == [
        (0, "LLM_MAX_RETRIES"),
        (3, "llm.yaml:1"),
        (3, "built-in"),
    ]


def test_a_models_own_parameter_names_what_holds_instead(ada, state):
    state(user=ada, parameters={"temperature": 0})
    assert explained(ada, "model_parameters.primary.temperature").overridden_by == (
        "parameters.temperature"
    )
    assert explained(ada, "model_parameters.primary.top_k").overridden_by == ""


def test_a_models_own_parameter_tells_what_the_variable_shadows(configure, ada):
    params = json.dumps({"llama3.2:3b": {"top_k": 0, "load_timeout": "2m"}})
    configure(CONFIG, LLM_MODEL_PARAMS=params)
    top_k = explained(ada, "model_parameters.primary.top_k")
    assert (top_k.value, top_k.origin.place) == (0, "LLM_MODEL_PARAMS")
    assert [each.value for each in top_k.shadowed] == [40]
    load = explained(ada, "reload_options.primary.load_timeout_seconds")
    assert (load.value, [each.origin.place for each in load.shadowed]) == (120, ["built-in"])


def test_what_was_skipped_and_clamped_stands_at_its_field(ada, state):
    state(user=ada, model="phi4", fallback_model="llama3.2:3b", deadline_seconds=30)
    model = explained(ada, "model")
    assert [(each.value, each.reason) for each in model.skipped] == [("phi4", "not_allowed")]
    fallback = explained(ada, "fallback_model")
    assert (fallback.value, [each.reason for each in fallback.skipped]) == ("", ["same_as_model"])
    timeout = explained(ada, "timeout_seconds")
    assert (timeout.value, timeout.clamped.stated) == (30, 45)


def test_where_nothing_is_allowed_the_explanation_says_why(ada, premium):
    Tier.objects.update(allowed_models=["llama3.2:70b"])
    ada.groups.add(premium)
    explanation = config_explain(user_id=ada.pk, task_type=INSIGHT)
    assert explanation.config is None
    assert explanation.field("model").value == ""
    assert {each.reason for each in explanation.field("model").skipped} == {"not_allowed_for_tier"}
    assert explanation.field("timeout_seconds").value == 45
    wire = explanation.to_wire()
    assert wire["error"]["code"] == "no_allowed_model"
    assert (wire["model"], wire["source"]) == ("", None)
    assert wire["allowed_models"] == {"environment": ["llama3.2:*"], "tiers": ["llama3.2:70b"]}


def test_the_wire_form_is_the_decision_and_more(ada, state):
    state(user=ada, parameters={"temperature": 0})
    wire = config_explain(user_id=ada.pk, task_type=INSIGHT).to_wire()
    decided = config_resolve(user_id=ada.pk, task_type=INSIGHT).to_wire()
    assert {key: wire[key] for key in decided} == decided
    assert wire["reload_options"] == {
        "primary": {"context_window": 8192, "load_timeout_seconds": 300},
        "fallback": {"num_gpu": 0, "load_timeout_seconds": 300},
    }
    assert wire["model_parameter_origins"]["primary"]["top_k"] == {
        "layer": "model_params",
        "place": "llm.yaml:7",
    }
    assert json.loads(json.dumps(wire)) == wire


def test_each_models_window_is_told_with_where_it_comes_from(ada, state):
    state(user=ada, parameters={"max_tokens": 4096})
    wire = config_explain(user_id=ada.pk, task_type=INSIGHT).to_wire()
    assert wire["context_windows"] == {
        "primary": {"tokens": 8192, "source": "stated", "place": "llm.yaml:7"},
        "fallback": {"tokens": 4096, "source": "default", "place": "Ollama's default"},
    }
    (warning,) = wire["warnings"]
    assert warning.pop("detail").endswith("accepted: 1 to 3840")
    assert warning == {
        "code": "max_tokens_beyond_window",
        "field": "parameters.max_tokens",
        "value": 4096,
        "model": "llama3.2:1b",
        "window": 4096,
        "accepted": 3840,
    }


@pytest.mark.parametrize("task_type", ALL_TYPES)
def test_explaining_is_resolving(task_type, ada, premium, state):
    ada.groups.add(premium)
    state(group=premium, model="llama3.2:7b", max_retries=0)
    state(user=ada, task_type=INSIGHT, fallback_model="")
    for user_id in (ada.pk, None):
        explanation = config_explain(user_id=user_id, task_type=task_type)
        assert explanation.config == config_resolve(user_id=user_id, task_type=task_type)


def test_what_was_skipped_of_no_field_is_told_too(ada, state, monkeypatch):
    row = state(user=ada)
    garbage = {"colour": "red", "max_retries": -1, "parameters": {"num_ctx": 1}}
    monkeypatch.setattr(type(row), "stated", lambda _: garbage)
    explanation = config_explain(user_id=ada.pk, task_type=INSIGHT)
    assert [each.field for each in explanation.skipped] == [
        "colour",
        "max_retries",
        "parameters.num_ctx",
    ]
    assert [each.field for each in explanation.unplaced] == ["colour", "parameters.num_ctx"]


def test_a_row_links_to_its_page():
    assert origin_link(Origin("user", "preference 12 v3")) == (
        "/admin/llmconfig/preference/12/change/"
    )
    assert origin_link(Origin("system", "llm.yaml:3")) is None
