"""A waiting run keeps what was decided for it; only how its models are loaded follows the day."""

import pytest

from llmconfig.models import Preference
from llmconfig.store.services import preference_save
from workers.execution.runner import run_deliver
from workers.models import TaskRun
from workers.submission.enqueue import enqueue

PRIMARY, FALLBACK = "http-503:1", "ok:1b"

BEFORE = f"""\
default: {{model: "{PRIMARY}", fallback_model: "{FALLBACK}", max_retries: 0, deadline: 10m}}
task_types:
  TASK_TYPE_TEXT_GENERATION: {{parameters: {{max_tokens: 11, min_p: 0}}}}
model_params:
  "{PRIMARY}": {{temperature: 0.2, top_k: 1, context_window: 1024}}
  "{FALLBACK}": {{temperature: 0, top_k: 2, context_window: 2048}}
"""
AFTER = f"""\
default: {{model: "ok:9b", fallback_model: "", max_retries: 3, deadline: 1s}}
task_types:
  TASK_TYPE_TEXT_GENERATION: {{parameters: {{max_tokens: 99, min_p: 1, top_p: 0.5}}}}
model_params:
  "{PRIMARY}": {{temperature: 1, top_k: 100, context_window: 4096, num_gpu: 0, seed: 9}}
  "{FALLBACK}": {{temperature: 1, top_k: 200, use_mmap: false, load_timeout: 9s}}
"""


@pytest.fixture
def delivered(person, broker, ollama, config_file, transactional_db):
    """A run that was accepted, whose configuration was edited everywhere, and that ran then."""
    config_file(BEFORE)
    row = Preference(user=person, parameters={"seed": 0, "top_k": 5})
    preference_save(preference=row, by=person)
    run = enqueue(task_type="TASK_TYPE_TEXT_GENERATION", payload={"prompt": "x"}, user_id=person.pk)
    config_file(AFTER)
    row.parameters, row.model = {"seed": 7, "repeat_penalty": 2}, "ok:9b"
    preference_save(preference=row, by=person)
    decided = run.llm_config
    run_deliver(run.pk)
    run = TaskRun.objects.get(pk=run.pk)
    assert run.llm_config == decided
    return run


def asked(ollama, model):
    """The options of the one generation by a model."""
    (request,) = [x for x in ollama.requests("/api/chat", model) if x.body.get("messages")]
    return request.body["options"]


def test_models_and_limits_are_those_of_the_day_it_was_accepted(delivered):
    assert (delivered.status, delivered.model_used) == ("succeeded", FALLBACK)
    assert [attempt.model for attempt in delivered.attempts.all()] == [PRIMARY, FALLBACK]
    assert (delivered.deadline - delivered.available_at).total_seconds() == 600


def test_parameters_of_layers_and_models_are_kept_for_primary_and_fallback(delivered, ollama):
    stated = {"num_predict": 11, "min_p": 0, "seed": 0, "top_k": 5}
    assert asked(ollama, PRIMARY) == {**stated, "temperature": 0.2, "num_ctx": 4096, "num_gpu": 0}
    assert asked(ollama, FALLBACK) == {**stated, "temperature": 0, "use_mmap": False}


def test_how_the_models_are_loaded_is_current_and_recorded(delivered):
    assert [attempt.reload_options for attempt in delivered.attempts.all()] == [
        {"context_window": 4096, "num_gpu": 0},
        {"use_mmap": False},
    ]


def test_the_next_run_has_the_edit_at_once(delivered, person):
    run = enqueue(task_type="TASK_TYPE_TEXT_GENERATION", payload={"prompt": "x"}, user_id=person.pk)
    assert run.llm_config["model"] == "ok:9b"
    assert run.llm_config["parameters"] == {
        "max_tokens": 99, "min_p": 1, "repeat_penalty": 2, "seed": 7, "top_p": 0.5,
    }  # fmt: skip
