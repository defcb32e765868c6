import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import OperationalError

from tests.llmconfig.conftest import INSIGHT


def found():
    return [(each.id, each.msg) for each in run_checks(tags=["llmconfig"])]


def test_a_good_configuration_has_nothing_to_tell(configure):
    configure('default: {model: "a:1", fallback_model: "b:1"}')
    assert found() == []


def test_each_problem_is_an_error_of_its_own(configure):
    configure("default:\n  model: ''\n  colour: red", LLM_TASK_TYPE_CONFIGS="{")
    messages = found()
    assert [check for check, _ in messages] == ["llmconfig.E001"] * 3
    assert messages[1][1].startswith("llm.yaml:3: default.colour: unknown; accepted: model")
    assert messages[2][1].startswith("LLM_TASK_TYPE_CONFIGS: not JSON")


@pytest.mark.parametrize(
    ("text", "variables", "place"),
    [
        ("", {}, "built-in"),
        ("default: {model: phi4}", {}, "llm.yaml:1"),
        ("default: {model: qwen3}", {"LLM_DEFAULT_MODEL": "phi4"}, "LLM_DEFAULT_MODEL"),
    ],
)
def test_a_system_model_that_is_not_allowed_is_refused(text, variables, place, configure):
    configure(text, LLM_ALLOWED_MODELS="qwen3", **variables)
    errors = [message for check, message in found() if check == "llmconfig.E002"]
    assert len(errors) == 1
    assert errors[0].startswith(f"{place}: the model ")
    assert errors[0].endswith("is not allowed by LLM_ALLOWED_MODELS.")


def test_any_other_model_that_is_not_allowed_is_a_warning(configure):
    configure(
        f"""
        default: {{model: qwen3, fallback_model: ""}}
        task_types: {{{INSIGHT}: {{model: phi4, fallback_model: qwen3}}}}
        user_preferences: {{premium_model: gemma3}}
        """,
        LLM_ALLOWED_MODELS="qwen3",
    )
    assert found() == [
        (
            "llmconfig.W001",
            "llm.yaml:3: the model phi4 is not allowed by LLM_ALLOWED_MODELS.",
        ),
        (
            "llmconfig.W001",
            "llm.yaml:4: the model gemma3 is not allowed by LLM_ALLOWED_MODELS.",
        ),
    ]


MISSPELT = 'default: {model: "qwen3:8b"}\nmodel_params: {"qwen3:8": {context_window: 512}}'


@pytest.mark.django_db
def test_parameters_of_a_model_that_nothing_names_are_a_warning_with_the_nearest_name(configure):
    configure(MISSPELT)
    assert found() == [
        (
            "llmconfig.W003",
            "llm.yaml:2: model_params of qwen3:8, which nothing else names;"
            " the nearest name is qwen3:8b.",
        )
    ]


def test_parameters_of_a_model_that_nothing_names_are_told_without_a_database(
    configure, monkeypatch
):
    def away():
        raise OperationalError

    monkeypatch.setattr("llmconfig.checks.names_stored", away)
    configure(MISSPELT)
    assert [check for check, _ in found()] == ["llmconfig.W003"]


def test_the_check_command_tells_and_fails(configure):
    configure("timeout: soon")
    with pytest.raises(CommandError, match=r"llmconfig.E001.* llm.yaml:1: timeout: accepted"):
        call_command("check")


def test_a_limit_of_answers_beyond_a_window_is_a_warning_at_its_place(configure):
    configure(
        f"""
        default: {{model: "a:1", fallback_model: "b:1", parameters: {{max_tokens: 1800}}}}
        task_types: {{{INSIGHT}: {{model: "c:1", fallback_model: ""}}}}
        model_params:
          "a:1": {{context_window: 2048}}
          "b:1": {{context_window: 8192}}
        """
    )
    assert found() == [
        (
            "llmconfig.W002",
            "llm.yaml:2: max_tokens 1800 leaves no room for a prompt in the context of a:1, which"
            " has 2048 tokens (stated in llm.yaml:5); accepted: 1 to 1792.",
        )
    ]


def test_a_models_own_limit_beyond_its_window_is_told_at_its_own_place(configure):
    configure("""
        default: {model: "a:1", fallback_model: ""}
        model_params: {"a:1": {max_tokens: 5000}}
    """)
    ((check, told),) = found()
    assert (check, told.partition(": ")[0]) == ("llmconfig.W002", "llm.yaml:3")
    assert "4096 tokens (Ollama's default); accepted: 1 to 3840." in told
