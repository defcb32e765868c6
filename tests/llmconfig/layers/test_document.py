import pytest

from llmconfig.layers.document import document_read
from llmconfig.layers.yaml_text import yaml_parse
from llmconfig.values.types import Origin, Statement
from tests.llmconfig.conftest import ALL_TYPES, INSIGHT


@pytest.fixture
def read(report):
    """Reads a text and returns what it states, and the problems as lines."""

    def of(text: str):
        source = document_read(yaml_parse(text.encode(), "f", report), report, tuple(ALL_TYPES))
        return source, [str(problem) for problem in report.problems]

    return of


def by_name(statements):
    return {statement.field: statement.value for statement in statements}


FORMS = {
    "one mapping": 'default: {model: "a:1", timeout_seconds: 60, max_retries: 0}',
    "flat": 'default_model: "a:1"\ntimeout: "60s"\nmax_retries: 0',
    "wrapped": 'llm: {default: {model: "a:1", timeout: 1m, max_retries: 0}}',
    "wrapped and flat": 'llm:\n  default_model: "a:1"\n  default_timeout: 60\n  max_retries: 0',
    "mixed": 'default: {model: "a:1"}\ntimeout: 60s\nmax_retries: 0',
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
def test_all_forms_of_the_defaults_say_the_same(text, read):
    source, problems = read(text)
    assert not problems
    assert by_name(source.system) == {"model": "a:1", "timeout_seconds": 60, "max_retries": 0}


OLDER = f"""\
llm:
  default_model: "llama3.2:3b"
  fallback_model: "llama3.2:1b"
  timeout: "60s"
  max_retries: 3
  task_types:
    {INSIGHT}: {{model: "llama3.2:3b", timeout: "45s", max_retries: 2}}
  model_params:
    "llama3.2:3b": {{temperature: 0.7, max_tokens: 2048, context_window: 8192}}
  user_preferences: {{premium_model: "llama3.2:7b", standard_model: "llama3.2:3b"}}
"""


def test_the_older_form_loads_unchanged(read):
    source, problems = read(OLDER)
    assert not problems
    assert by_name(source.system) == {
        "model": "llama3.2:3b",
        "fallback_model": "llama3.2:1b",
        "timeout_seconds": 60,
        "max_retries": 3,
    }
    assert by_name(source.task_types[INSIGHT]) == {
        "model": "llama3.2:3b",
        "timeout_seconds": 45,
        "max_retries": 2,
    }
    assert by_name(source.model_params["llama3.2:3b"]) == {
        "temperature": 0.7,
        "max_tokens": 2048,
        "context_window": 8192,
    }
    assert {tier: by_name(stated) for tier, stated in source.tiers.items()} == {
        "standard": {"model": "llama3.2:3b"},
        "premium": {"model": "llama3.2:7b"},
    }


def test_every_statement_knows_layer_file_and_line(read):
    source, _ = read(OLDER)
    assert source.system[0] == Statement("model", "llama3.2:3b", Origin("system", "f:2"))
    assert source.task_types[INSIGHT][1] == Statement(
        "timeout_seconds", 45, Origin("task_type", "f:7")
    )
    assert source.tiers["premium"][0].origin == Origin("tier", "f:10")


def test_parameters_are_statements_of_their_own(read):
    source, _ = read("default:\n  parameters:\n    temperature: 0\n    stop: [END]\n")
    assert source.system == (
        Statement("parameters.temperature", 0.0, Origin("system", "f:3")),
        Statement("parameters.stop", ["END"], Origin("system", "f:4")),
    )


def test_null_states_nothing_and_zero_does(read):
    source, problems = read("default: {model: ~, timeout: null, max_retries: 0, parameters: }")
    assert not problems
    assert by_name(source.system) == {"max_retries": 0}


@pytest.mark.parametrize("text", ["", "default:", "task_types:", "llm:", "model_params: {}"])
def test_an_empty_section_states_nothing(text, read):
    source, problems = read(text)
    assert not problems
    assert list(source.statements()) == []


FIELDS = (
    "model, fallback_model, timeout_seconds, first_token_timeout_seconds, max_retries, "
    "deadline_seconds, parameters"
)
SECONDS = "1 to 300 seconds, written as 60, 60s or 2m"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            'default: {model: ""}',
            "f:1: default.model: accepted: a model's name such as llama3.2:3b; found: ''",
        ),
        (
            "default: {model: 3.2}",
            "f:1: default.model: accepted: a model's name such as llama3.2:3b; found: 3.2",
        ),
        (
            "default:\n  timeout: 60x",
            f"f:2: default.timeout: accepted: {SECONDS}; found: '60x'",
        ),
        ("timeout: 5m1s", f"f:1: timeout: accepted: {SECONDS}; found: '5m1s'"),
        (
            'max_retries: "3"',
            "f:1: max_retries: accepted: a whole number from 0 to 10; found: '3'",
        ),
        (
            "max_retries: true",
            "f:1: max_retries: accepted: a whole number from 0 to 10; found: true",
        ),
        ("default: {colour: red}", f"f:1: default.colour: unknown; accepted: {FIELDS}"),
        (
            "colour: red",
            f"f:1: colour: unknown; accepted: {FIELDS}, default, task_types, model_params, "
            "user_preferences",
        ),
        ("llm: {}\nother: 1", "f:2: other: belongs under llm, as everything does where llm is"),
        (
            "task_types: {TASK_TYPE_POEM: {}}",
            "f:1: task_types.TASK_TYPE_POEM: unknown task type; accepted: " + ", ".join(ALL_TYPES),
        ),
        (
            f"task_types:\n  {INSIGHT}:\n    timeout: 1\n    timeout_seconds: 1",
            f"f:4: task_types.{INSIGHT}.timeout_seconds: stated twice; "
            f"the first time as task_types.{INSIGHT}.timeout",
        ),
        (
            "default_model: a\ndefault: {model: b}",
            "f:2: default.model: stated twice; the first time as default_model",
        ),
        (
            f"task_types: {{{INSIGHT}: fast}}",
            f"f:1: task_types.{INSIGHT}: accepted: a mapping; found: 'fast'",
        ),
        ("- a\n- b", "f:1: accepted: a mapping; found: ['a', 'b']"),
        ("default: []", "f:1: default: accepted: a mapping; found: []"),
        (
            "default: {parameters: {num_ctx: 1}}",
            "f:1: default.parameters.num_ctx: unknown; accepted: temperature, ",
        ),
        (
            "default: {parameters: {context_window: 1}}",
            "f:1: default.parameters.context_window: belongs to a model, because it makes the "
            "model load again: state it in model_params of the YAML file, or in LLM_MODEL_PARAMS",
        ),
        (
            f"task_types: {{{INSIGHT}: {{load_timeout: 2m}}}}",
            f"f:1: task_types.{INSIGHT}.load_timeout: belongs to a model",
        ),
        ("num_gpu: 1", "f:1: num_gpu: belongs to a model"),
        ("default: {temperature: 0}", "f:1: default.temperature: belongs under parameters"),
        ("model_params: {a: {num_ctx: 1}}", "f:1: model_params.a.num_ctx: unknown; accepted: temp"),
        (
            "default: {fallback_model: no}",
            'f:1: default.fallback_model: accepted: a model\'s name such as llama3.2:3b, or "" for '
            'none, in quotes where YAML may read it otherwise, as "no"',
        ),
        (
            "default: {parameters: {stop: [END, 010]}}",
            "f:1: default.parameters.stop: accepted: a list of at most 4 texts of 1 to 64 "
            'characters, in quotes where YAML may read it otherwise, as "010"',
        ),
        (
            "max_retries: no",
            "f:1: max_retries: accepted: a whole number from 0 to 10; found: 'no'",
        ),
        (
            "max_retries: 010",
            "f:1: max_retries: accepted: a whole number from 0 to 10; found: '010'",
        ),
        ("model_params: {a: {use_mmap: no}}", "f:1: model_params.a.use_mmap: accepted: true or f"),
        ("timeout: 1:30", f"f:1: timeout: accepted: {SECONDS}; found: '1:30'"),
        ("timeout: 2026-11-22", f"f:1: timeout: accepted: {SECONDS}; found: '2026-11-22'"),
        (
            'task_types: {"\\e[2J\\nX": {}}',
            "f:1: task_types.\\x1b[2J\\nX: unknown task type; accepted: ",
        ),
        (
            "default: {parameters: {temperature: .nan}}",
            "f:1: default.parameters.temperature: accepted: a number from 0 to 2; found: '.nan'",
        ),
        (
            "default: {parameters: {stop: END}}",
            "f:1: default.parameters.stop: accepted: a list of at most 4 texts of 1 to 64",
        ),
        (
            "model_params: {a: {context_window: big}}",
            "f:1: model_params.a.context_window: accepted: a whole number from 1 to 1048576",
        ),
        (
            "model_params:\n  a: {top_k: 1}\n  a:latest: {top_k: 2}",
            "f:3: model_params.a:latest: the same model is stated twice",
        ),
        ('model_params: {"": {}}', "f:1: model_params.: accepted: a model's name"),
        (
            "user_preferences: {gold_model: a}",
            "f:1: user_preferences.gold_model: unknown; accepted: standard_model, premium_model",
        ),
        (
            'user_preferences: {premium_model: ""}',
            "f:1: user_preferences.premium_model: accepted: a model's name",
        ),
    ],
)
def test_a_mistake_is_told_with_place_key_and_what_is_accepted(text, told, read):
    _, problems = read(text)
    assert len(problems) == 1
    assert problems[0].startswith(told)


def test_all_mistakes_are_in_one_report(read):
    _, problems = read(
        """
        default: {model: "", timeout: soon}
        task_types: {TASK_TYPE_POEM: {max_retries: -1}}
        model_params: {"a:1": {temperature: 9}}
        user_preferences: {gold_model: x}
        """
    )
    assert len(problems) == 6


def test_a_long_value_is_shown_cut(read):
    _, problems = read("default: {model: '" + "x" * 5000 + "'}")
    assert len(problems[0]) < 200
