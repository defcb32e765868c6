import inspect

import pytest

from llmconfig.values import errors
from llmconfig.values.errors import ConfigurationError, LLMConfigError, Problem, UnknownTaskType
from llmconfig.values.messages import Message

LEAVES = [
    leaf
    for _, leaf in inspect.getmembers(errors, inspect.isclass)
    if issubclass(leaf, LLMConfigError) and leaf is not LLMConfigError
]


def branches():
    """Of the tree at the top of the module: name, status and code of each."""
    lines = errors.__doc__.splitlines()
    return [line.partition("── ")[2].split() for line in lines if "──" in line]


@pytest.mark.parametrize("leaf", LEAVES)
def test_every_error_stands_in_the_tree_at_the_top(leaf):
    assert [leaf.__name__, str(leaf.status), leaf.code] in branches()


def test_the_tree_names_no_error_that_is_gone():
    assert sorted(name for name, *_ in branches()) == sorted(leaf.__name__ for leaf in LEAVES)


def test_codes_are_unique():
    codes = [leaf.code for leaf in LEAVES]
    assert len(codes) == len(set(codes))


def test_an_unknown_task_type_names_the_accepted_ones():
    error = UnknownTaskType("TASK_TYPE_X", ["TASK_TYPE_A", "TASK_TYPE_B"])
    assert error.detail == (
        "The task type 'TASK_TYPE_X' is unknown; accepted: TASK_TYPE_A, TASK_TYPE_B."
    )


def test_a_hostile_task_type_is_not_repeated_at_length():
    assert len(UnknownTaskType("x" * 10_000).detail) < 200


def test_a_configuration_error_tells_every_problem():
    problems = [
        Problem(place="llm.yaml:3", key="default.model", message=Message("empty")),
        Problem(place="LLM_MAX_RETRIES", key="", message=Message("not a number")),
    ]
    assert str(ConfigurationError(problems)).splitlines() == [
        "llm.yaml:3: default.model: empty",
        "LLM_MAX_RETRIES: not a number",
    ]
