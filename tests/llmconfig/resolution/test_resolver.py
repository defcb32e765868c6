import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmconfig.resolution.resolver import resolve
from llmconfig.values.errors import NoAllowedModel
from llmconfig.values.model_names import Policy
from llmconfig.values.types import BUILT_IN, Clamped, Origin, Skipped, Statement

SYSTEM = Origin("system", "llm.yaml:1")
TYPE = Origin("task_type", "llm.yaml:2")
USER = Origin("user", "preference 1 v1")


def states(origin, **fields):
    return [Statement(name.replace("__", "."), value, origin) for name, value in fields.items()]


def resolved(*groups, policy=None, model_params=None):
    statements = [statement for group in groups for statement in group]
    return resolve(statements, policy=policy or Policy(), model_params=model_params or {})


def test_the_strongest_statement_of_each_field_holds():
    config = resolved(
        states(SYSTEM, model="a:1", timeout_seconds=60, max_retries=3),
        states(TYPE, model="b:1", timeout_seconds=45),
        states(USER, model="c:1"),
    )
    assert (config.model, config.timeout_seconds, config.max_retries) == ("c:1", 45, 3)
    assert config.source == "user"
    assert config.origins["timeout_seconds"] == TYPE
    assert config.origins["max_retries"] == SYSTEM


def test_the_source_is_the_strongest_layer_that_states_any_field():
    config = resolved(
        states(SYSTEM, model="a:1", max_retries=3),
        states(TYPE, timeout_seconds=45),
        states(USER, parameters__temperature=0.1),
    )
    assert config.source == "user"
    assert config.origins["model"] == SYSTEM


def test_a_layer_whose_statements_do_not_hold_is_no_source():
    config = resolved(
        states(SYSTEM, model="a:1"), states(USER, model="x:1"), policy=Policy(("a:*",))
    )
    assert config.source == "system"


def test_what_was_shadowed_is_told_nearest_first():
    config = resolved(
        states(SYSTEM, model="a:1"), states(TYPE, model="b:1"), states(USER, model="c:1")
    )
    assert [stated.value for stated in config.shadowed["model"]] == ["b:1", "a:1"]


def test_zero_is_a_statement():
    config = resolved(
        states(SYSTEM, model="a:1", max_retries=3, parameters__temperature=0.7),
        states(USER, max_retries=0, parameters__temperature=0.0),
    )
    assert (config.max_retries, config.parameters) == (0, {"temperature": 0.0})


def test_an_empty_fallback_states_that_there_is_none():
    config = resolved(
        states(SYSTEM, model="a:1", fallback_model="b:1"), states(USER, fallback_model="")
    )
    assert config.fallback_model == ""
    assert config.origins["fallback_model"] == USER


def test_parameters_merge_key_by_key():
    config = resolved(
        states(SYSTEM, model="a:1", parameters__temperature=0.7, parameters__top_p=0.9),
        states(USER, parameters__temperature=0.1),
    )
    assert config.parameters == {"temperature": 0.1, "top_p": 0.9}
    assert config.origins["parameters.temperature"] == USER
    assert config.origins["parameters.top_p"] == SYSTEM


def test_parameters_of_a_model_travel_without_reload_options():
    origin = Origin("model_params", "llm.yaml:3")
    params = {
        "a:latest": states(origin, temperature=0.2, context_window=8192, load_timeout_seconds=9),
        "b:1": states(origin, top_k=5),
    }
    config = resolved(states(SYSTEM, model="a", fallback_model="b:1"), model_params=params)
    assert config.model_parameters == {"primary": {"temperature": 0.2}, "fallback": {"top_k": 5}}


def test_a_model_outside_the_policy_is_skipped_for_the_next_weaker():
    config = resolved(
        states(SYSTEM, model="a:1"), states(USER, model="x:1"), policy=Policy(("a:*",))
    )
    assert (config.model, config.source) == ("a:1", "system")
    assert config.skipped == (Skipped("model", "x:1", USER, "not_allowed"),)


def test_a_fallback_outside_the_policy_is_skipped_too():
    config = resolved(
        states(SYSTEM, model="a:1", fallback_model="a:2"),
        states(USER, fallback_model="x:1"),
        policy=Policy(("a:*",)),
    )
    assert config.fallback_model == "a:2"
    assert config.skipped == (Skipped("fallback_model", "x:1", USER, "not_allowed"),)


def test_where_policy_leaves_no_fallback_there_is_none():
    config = resolved(states(SYSTEM, model="a:1", fallback_model="x:1"), policy=Policy(("a:*",)))
    assert config.fallback_model == ""
    assert config.origins["fallback_model"] == BUILT_IN


def test_without_an_allowed_model_there_is_no_decision():
    with pytest.raises(NoAllowedModel):
        resolved(states(SYSTEM, model="a:1"), policy=Policy(("b:*",)))


def test_a_fallback_that_is_the_model_itself_is_none():
    config = resolved(
        states(SYSTEM, model="a:1", fallback_model="b"), states(USER, model="b:latest")
    )
    assert (config.model, config.fallback_model) == ("b:latest", "")
    assert config.skipped == (Skipped("fallback_model", "b", SYSTEM, "same_as_model"),)


def test_contradicting_limits_are_clamped_and_explained():
    config = resolved(
        states(SYSTEM, model="a:1", timeout_seconds=60, first_token_timeout_seconds=40),
        states(USER, deadline_seconds=30),
    )
    assert (config.timeout_seconds, config.first_token_timeout_seconds) == (30, 30)
    assert config.clamped == (
        Clamped("timeout_seconds", 60, 30, "deadline_seconds"),
        Clamped("first_token_timeout_seconds", 40, 30, "timeout_seconds"),
    )


NAMES = ["a", "a:latest", "a:1", "b", "b:1", "c:7b"]
FIELDS = {
    "model": st.sampled_from(NAMES),
    "fallback_model": st.sampled_from(["", *NAMES]),
    "timeout_seconds": st.integers(1, 300),
    "first_token_timeout_seconds": st.integers(1, 300),
    "max_retries": st.integers(0, 10),
    "deadline_seconds": st.one_of(st.integers(1, 400), st.just(86_400)),
    "parameters.temperature": st.sampled_from([0.0, 0.7, 2.0]),
    "parameters.seed": st.integers(0, 3),
    "parameters.stop": st.lists(st.text(min_size=1, max_size=3), max_size=2),
}
LAYERS = ["system", "task_type", "tier", "user", "request"]


@st.composite
def ladders(draw):
    """Statements of random places, in the order of the layers."""
    statements = []
    layers = sorted(draw(st.lists(st.sampled_from(LAYERS), max_size=8)), key=LAYERS.index)
    for number, layer in enumerate(layers):
        for field in draw(st.sets(st.sampled_from(sorted(FIELDS)))):
            origin = Origin(layer, f"place {number}")
            statements.append(Statement(field, draw(FIELDS[field]), origin))
    return statements


@settings(max_examples=100, deadline=None)
@given(ladders(), st.sets(st.sampled_from(NAMES), min_size=1))
def test_every_statement_holds_or_is_told_why_not(statements, allowed):
    try:
        config = resolve(statements, policy=Policy(tuple(allowed)), model_params={})
    except NoAllowedModel:
        return
    told = len(config.skipped) + sum(map(len, config.shadowed.values()))
    held = {s.field for s in statements if config.origins.get(s.field) == s.origin}
    assert told + len(held) == len(statements)
