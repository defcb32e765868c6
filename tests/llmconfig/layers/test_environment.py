import json

import pytest

from llmconfig.layers.environment import environment_read, policy_read
from llmconfig.values.types import Origin, Statement
from tests.llmconfig.conftest import ALL_TYPES, INSIGHT


@pytest.fixture
def read(report):
    def of(**variables: str):
        source = environment_read(variables, report, tuple(ALL_TYPES))
        return source, [str(problem) for problem in report.problems]

    return of


def test_unset_variables_state_nothing(read):
    source, problems = read()
    assert (list(source.statements()), problems) == ([], [])


def test_each_variable_is_the_place_of_its_statement(read):
    source, problems = read(
        LLM_DEFAULT_MODEL="a:1",
        LLM_FALLBACK_MODEL="",
        LLM_DEFAULT_TIMEOUT="2m",
        LLM_MAX_RETRIES="0",
    )
    assert not problems
    assert source.system == (
        Statement("model", "a:1", Origin("system", "LLM_DEFAULT_MODEL")),
        Statement("fallback_model", "", Origin("system", "LLM_FALLBACK_MODEL")),
        Statement("timeout_seconds", 120, Origin("system", "LLM_DEFAULT_TIMEOUT")),
        Statement("max_retries", 0, Origin("system", "LLM_MAX_RETRIES")),
    )


def test_task_types_are_stated_as_json(read):
    config = {"timeout": "45s", "max_retries": 2, "parameters": {"temperature": 0}}
    source, problems = read(LLM_TASK_TYPE_CONFIGS=json.dumps({INSIGHT: config}))
    assert not problems
    origin = Origin("task_type", "LLM_TASK_TYPE_CONFIGS")
    assert source.task_types[INSIGHT] == (
        Statement("timeout_seconds", 45, origin),
        Statement("max_retries", 2, origin),
        Statement("parameters.temperature", 0.0, origin),
    )


def test_model_parameters_are_stated_as_json(read):
    source, _ = read(LLM_MODEL_PARAMS='{"qwen3": {"context_window": 4096, "load_timeout": "2m"}}')
    origin = Origin("model_params", "LLM_MODEL_PARAMS")
    assert source.model_params["qwen3:latest"] == (
        Statement("context_window", 4096, origin),
        Statement("load_timeout_seconds", 120, origin),
    )


@pytest.mark.parametrize(
    ("variable", "text", "told"),
    [
        (
            "LLM_DEFAULT_MODEL",
            "a\tb",
            ": accepted: a model's name such as llama3.2:3b (without a blank); found: 'a\\tb'",
        ),
        (
            "LLM_FALLBACK_MODEL",
            "a b",
            ": accepted: a model's name such as llama3.2:3b, or nothing f",
        ),
        (
            "LLM_FALLBACK_MODEL",
            '""',
            ": it begins and ends with a quote (docker's --env-file keeps",
        ),
        (
            "LLM_TASK_TYPE_CONFIGS",
            "'{}'",
            ": it begins and ends with a quote (docker's --env-file ",
        ),
        (
            "LLM_DEFAULT_MODEL",
            "a:",
            ": accepted: a model's name such as llama3.2:3b (with a tag after the :); found: 'a:'",
        ),
        ("LLM_DEFAULT_TIMEOUT", "soon", ": accepted: 1 to 300 seconds, written as 60, 60s"),
        ("LLM_DEFAULT_TIMEOUT", "0", ": accepted: 1 to 300 seconds"),
        ("LLM_MAX_RETRIES", "many", ": accepted: a whole number from 0 to 10; found: 'many'"),
        ("LLM_MAX_RETRIES", "11", ": accepted: a whole number from 0 to 10; found: '11'"),
        ("LLM_MAX_RETRIES", "1.0", ": accepted: a whole number from 0 to 10; found: '1.0'"),
        ("LLM_TASK_TYPE_CONFIGS", "{", ": not JSON: "),
        ("LLM_TASK_TYPE_CONFIGS", "[]", ": accepted: a mapping; found: []"),
        ("LLM_TASK_TYPE_CONFIGS", '{"TASK_TYPE_POEM": {}}', ": TASK_TYPE_POEM: unknown task type"),
        (
            "LLM_TASK_TYPE_CONFIGS",
            f'{{"{INSIGHT}": {{"timeout": "x"}}}}',
            f": {INSIGHT}.timeout: accepted: 1 to 300 seconds",
        ),
        ("LLM_MODEL_PARAMS", '{"a": {"top_k": "x"}}', ": a.top_k: accepted: a whole number"),
        ("LLM_MODEL_PARAMS", '{"a": {"colour": 1}}', ": a.colour: unknown; accepted: temperature"),
        ("LLM_MODEL_PARAMS", '{"a": 1}', ": a: accepted: a mapping; found: 1"),
    ],
)
def test_a_bad_variable_is_told_by_name(variable, text, told, read):
    _, problems = read(**{variable: text})
    assert len(problems) == 1
    assert problems[0].startswith(variable + told)


def test_an_unset_allow_list_allows_all(report):
    assert policy_read({}, report).allows("anything")


def test_the_allow_list_is_separated_by_commas(report):
    policy = policy_read({"LLM_ALLOWED_MODELS": "qwen3 , llama3.2:*,"}, report)
    assert not report.problems
    assert [policy.allows(name) for name in ("qwen3:latest", "llama3.2:3b", "phi4")] == [
        True,
        True,
        False,
    ]


def test_the_entry_of_the_allow_list_that_breaks_a_rule_is_shown_with_it(report):
    policy_read({"LLM_ALLOWED_MODELS": "qwen3, a::b"}, report)
    assert str(report.problems[0]).endswith("(with one : between name and tag); found: 'a::b'")


@pytest.mark.parametrize("text", [",", "a b", "a;b"])
def test_a_misspelt_allow_list_is_a_problem(text, report):
    policy = policy_read({"LLM_ALLOWED_MODELS": text}, report)
    assert str(report.problems[0]).startswith("LLM_ALLOWED_MODELS: accepted: 1 to 100 names")
    assert not policy.allows("a")


@pytest.mark.parametrize("text", ["", " "])
@pytest.mark.parametrize(
    "name",
    ["LLM_DEFAULT_MODEL", "LLM_DEFAULT_TIMEOUT", "LLM_MAX_RETRIES", "LLM_TASK_TYPE_CONFIGS",
     "LLM_MODEL_PARAMS", "LLM_ALLOWED_MODELS"],
)  # fmt: skip
def test_an_empty_variable_states_nothing(name, text, read, report):
    source, problems = read(**{name: text})
    assert (list(source.statements()), dict(source.model_params), problems) == ([], {}, [])
    assert policy_read({name: text}, report).allows("anything")


def test_an_allow_list_in_quotes_is_a_problem(report):
    policy_read({"LLM_ALLOWED_MODELS": '"qwen3"'}, report)
    assert "begins and ends with a quote" in str(report.problems[0])
