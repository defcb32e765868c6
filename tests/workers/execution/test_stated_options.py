"""No stated option reaches a model server with a type that Ollama refuses.

Ollama answers such a request with a 500. The fake does the same, so each way to state an option is
tried with any value: it is refused where it is stated, or the server takes it.
"""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmconfig.layers.ladder import Rows, Tier
from llmconfig.layers.located import Report
from llmconfig.layers.static import static_read
from llmconfig.layers.stored import StoredRow
from llmconfig.layers.yaml_text import yaml_parse
from llmconfig.resolution.selectors import rows_resolve
from llmconfig.values import task_types
from llmconfig.values.errors import ConfigurationError, InvalidPreference, MalformedConfig
from llmconfig.values.fields import fields_parse, invalid_preference
from llmconfig.values.kinds import Boolean, Choice, Integer, Number, Seconds, Texts
from llmconfig.values.parameters import LOAD_TIMEOUT, MODEL_PARAMETERS, PARAMETERS, RELOAD_OPTIONS
from llmconfig.values.types import ResolvedConfig
from tests.workers.backends.ollama.asking import ask
from workers.backends.ollama import options
from workers.testing.fake_ollama import FakeOllama
from workers.testing.ollama_http import options as of_ollama

#: A model that can think, so that the fake takes each value of `think`.
MODEL = "think:1"
TEXT = "TASK_TYPE_TEXT_GENERATION"
REFUSALS = (ConfigurationError, InvalidPreference, MalformedConfig)

#: JSON of every type, and what is nearly right.
ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 70_000),
    st.integers(),
    st.floats(-3, 3),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(["1", "0.5", "true", "60s", "END", "\ud800", "1e999"]),
    st.lists(st.text(max_size=3) | st.integers(), max_size=5),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
)


def configured(file=None, variables=None, rows=None, request=None):
    """The options that a run on the model is made with, over the message and with those of now."""
    report = Report()
    content = json.dumps({"default": {"model": MODEL, "fallback_model": ""}, **(file or {})})
    node = yaml_parse(content.encode(), "f", report)
    static = static_read(node, variables or {}, task_types.names(), report)
    values, errors = fields_parse(request or {})
    if errors:
        raise invalid_preference(errors)
    config = rows_resolve(TEXT, static=static, rows=rows or Rows(), request=values)
    return options_of(config.to_wire(), static.reload_options(MODEL))


def options_of(wire, reload_options):
    config = ResolvedConfig.from_wire(json.loads(json.dumps(wire)))
    stated = {**config.model_parameters["primary"], **config.parameters, **reload_options}
    return {name: value for name, value in stated.items() if name != LOAD_TIMEOUT}


def row(parameters, **of):
    """A stored row, which need not be one that could be saved today."""
    whose = {"group_id": None, "is_users": False, "task_type": None, **of}
    return StoredRow(id=1, version=1, fields={"parameters": parameters}, **whose)


def in_tier(parameters):
    return Rows(tiers=(Tier(name="premium", rank=1, rows=(row(parameters, group_id=1),)),))


#: Each way to state parameters: those of everybody's layers, and of a message.
LAYERS = {
    "file": lambda p: configured(file={"default": {"model": MODEL, "parameters": p}}),
    "file, task type": lambda p: configured(file={"task_types": {TEXT: {"parameters": p}}}),
    "variable": lambda p: configured(
        variables={"LLM_TASK_TYPE_CONFIGS": json.dumps({TEXT: {"parameters": p}})}
    ),
    "everyone": lambda p: configured(rows=Rows(common=(row(p),))),
    "task type": lambda p: configured(rows=Rows(common=(row(p, task_type=TEXT),))),
    "tier": lambda p: configured(rows=in_tier(p)),
    "user": lambda p: configured(rows=Rows(user=(row(p, is_users=True),))),
    "request": lambda p: configured(request={"parameters": p}),
    "message": lambda p: options_of({"model": MODEL, "parameters": p}, {}),
    "message, model": lambda p: options_of({"model_parameters": {"primary": p}}, {}),
}
MODEL_LAYERS = {
    "file": lambda p: configured(file={"model_params": {MODEL: p}}),
    "variable": lambda p: configured(variables={"LLM_MODEL_PARAMS": json.dumps({MODEL: p})}),
}


@pytest.fixture(scope="module")
def server():
    with FakeOllama() as fake:
        yield fake


def stated(kinds):
    return st.dictionaries(st.sampled_from(sorted(kinds)), ANYTHING, min_size=1, max_size=3)


def states(layer, parameters):
    """The options where they are accepted; None where stating them was refused."""
    try:
        return layer(parameters)
    except REFUSALS:
        return None


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
@settings(deadline=None, max_examples=40)
@given(parameters=stated(PARAMETERS))
def test_a_parameter_of_any_layer_is_refused_or_has_the_type_that_ollama_takes(
    server, layer, parameters
):
    accepted = states(layer, parameters)
    if accepted is not None:
        assert ask(server.host, MODEL, options=accepted).content


@pytest.mark.parametrize("layer", MODEL_LAYERS.values(), ids=MODEL_LAYERS)
@settings(deadline=None, max_examples=80)
@given(parameters=stated(MODEL_PARAMETERS))
def test_an_option_of_a_model_is_refused_or_has_the_type_that_ollama_takes(
    server, layer, parameters
):
    accepted = states(layer, parameters)
    if accepted is not None:
        sent = {**accepted, "context_window": max(accepted.get("context_window", 4096), 100)}
        assert ask(server.host, MODEL, options=sent).content


VALUES = {
    Integer: lambda kind: st.integers(kind.minimum, kind.maximum),
    Seconds: lambda kind: st.integers(kind.minimum, kind.maximum),
    Number: lambda kind: (
        st.floats(kind.minimum, kind.maximum) | st.integers(int(kind.minimum), int(kind.maximum))
    ),
    Boolean: lambda kind: st.booleans(),
    Choice: lambda kind: st.sampled_from(kind.choices),
    Texts: lambda kind: st.lists(st.text("abc", min_size=1, max_size=4), max_size=kind.maximum),
}


@settings(deadline=None, max_examples=100)
@given(
    parameters=st.fixed_dictionaries(
        {},
        optional={name: VALUES[type(kind)](kind) for name, kind in MODEL_PARAMETERS.items()},
    )
)
def test_what_is_accepted_reaches_ollama_as_an_option_that_it_knows(parameters):
    sent = options.to_ollama(MODEL_LAYERS["file"](parameters))
    assert of_ollama.typed(sent) == sent


@pytest.mark.parametrize("name", RELOAD_OPTIONS)
def test_the_options_of_a_load_are_closed_and_known_to_ollama(name):
    [(sent, _)] = options.reloading({name: 1}).items()
    assert sent in of_ollama.INTEGERS | {"use_mmap"}


WRONG = {
    Integer: [True, 1.5, "1", [1]],
    Seconds: [True, 1.5, [1]],
    Boolean: [1, "true"],
    Choice: [1, "true", "on", [True]],
    Texts: ["END", [1]],
}
NAMED = [
    (name, value)
    for name, kind in MODEL_PARAMETERS.items()
    for value in WRONG.get(type(kind), [True, "1", [1]])
]


@pytest.mark.parametrize(("name", "value"), NAMED, ids=str)
def test_a_wrong_type_in_the_options_of_a_model_is_reported_with_place_and_key(name, value):
    for layer, place, key in (
        ("file", "f:1", f"model_params.{MODEL}.{name}"),
        ("variable", "LLM_MODEL_PARAMS", f"{MODEL}.{name}"),
    ):
        with pytest.raises(ConfigurationError) as caught:
            MODEL_LAYERS[layer]({name: value})
        [problem] = caught.value.problems
        assert str(problem).startswith(f"{place}: {key}: accepted: ")


@pytest.mark.parametrize("name", ["use_mlock", "numa", "num_ctx", "format", "keep_alive"])
def test_an_option_that_is_not_listed_is_refused(name):
    for layer in (*LAYERS.values(), *MODEL_LAYERS.values()):
        accepted = states(layer, {name: 1})
        assert accepted is None or name not in accepted
