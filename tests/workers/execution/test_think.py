"""Whether a model thinks: what layers state reaches the server, and thinking alone is no answer."""

import pytest

from llmconfig.models import Preference
from llmconfig.store.services import preference_save
from workers.execution.runner import run_deliver
from workers.models import TaskRun
from workers.submission.enqueue import enqueue
from workers.testing.behaviours import ThinkingOnly
from workers.testing.script import always

TEXT = "TASK_TYPE_TEXT_GENERATION"
PRIMARY, FALLBACK = "thinker:3b", "ok:1b"
DEFAULT = f'default: {{model: "{PRIMARY}", fallback_model: "{FALLBACK}"}}\n'


@pytest.fixture
def run(transactional_db, broker, ollama, person):
    """Makes a run and delivers it once; the run as it is then."""

    def make(**request):
        made = enqueue(task_type=TEXT, payload={"prompt": "Hi"}, user_id=person.pk, request=request)
        run_deliver(made.pk)
        return TaskRun.objects.prefetch_related("attempts").get(pk=made.pk)

    return make


def asked(ollama, model=PRIMARY):
    """What each chat request says about thinking."""
    return [exchange.body["think"] for exchange in ollama.requests("/api/chat", model)]


def test_where_no_layer_states_it_the_model_is_asked_not_to_think(run, ollama, config_file):
    config_file(DEFAULT)
    assert run().status == "succeeded"
    assert asked(ollama) == [False]


@pytest.mark.parametrize(
    "file",
    [
        DEFAULT.replace("}", ", parameters: {think: high}}"),
        f"{DEFAULT}task_types: {{{TEXT}: {{parameters: {{think: high}}}}}}",
        f'{DEFAULT}model_params: {{"{PRIMARY}": {{think: high}}}}',
    ],
    ids=["everybody", "task type", "model"],
)
def test_what_the_file_states_is_sent(run, ollama, config_file, file):
    config_file(file)
    assert run().status == "succeeded"
    assert asked(ollama) == ["high"]


def test_what_a_user_states_is_sent_and_is_in_the_header(run, ollama, config_file, person):
    config_file(DEFAULT.replace("}", ", parameters: {think: high}}"))
    row = Preference(user=person, parameters={"think": True})
    preference_save(preference=row, by=person)
    made = run()
    assert asked(ollama) == [True]
    assert made.llm_config["parameters"] == {"think": True}
    assert made.llm_config["origins"]["parameters.think"]["layer"] == "user"


def test_what_a_request_states_is_sent_and_false_is_a_statement(run, ollama, config_file):
    config_file(DEFAULT.replace("}", ", parameters: {think: high}}"))
    run(parameters={"think": False})
    assert asked(ollama) == [False]


@pytest.mark.parametrize("stated", [{}, {"think": True}])
@pytest.mark.parametrize("reason", ["length", "stop"])
def test_thinking_without_an_answer_goes_to_the_fallback_after_one_request(
    run, ollama, config_file, stated, reason
):
    config_file(DEFAULT)
    ollama.script(PRIMARY, [always(ThinkingOnly(done_reason=reason))])
    made = run(parameters=stated)
    assert (made.status, made.model_used) == ("succeeded", FALLBACK)
    first = made.attempts.all()[0]
    assert (first.outcome, first.cause) == ("unusable", "only_thinking")
    assert len(asked(ollama)) == 1


def test_without_a_fallback_thinking_alone_ends_the_run_with_its_reason(run, ollama, config_file):
    config_file(f'default: {{model: "{PRIMARY}", fallback_model: ""}}')
    ollama.script(PRIMARY, [always(ThinkingOnly())])
    made = run()
    assert made.status == "failed"
    assert "thought and wrote no answer" in made.error["detail"]
    assert len(asked(ollama)) == 1


def test_a_fallback_that_cannot_think_answers_without(run, ollama, config_file):
    config_file(f'default: {{model: "missing:7b", fallback_model: "{FALLBACK}"}}')
    made = run(parameters={"think": "high"})
    assert (made.status, made.model_used) == ("succeeded", FALLBACK)
    assert asked(ollama, FALLBACK) == ["high", False]


def test_a_primary_that_cannot_think_as_stated_is_passed_to_the_fallback(run, ollama, config_file):
    config_file('default: {model: "ok:3b", fallback_model: "thinker:1b"}')
    made = run(parameters={"think": True})
    assert (made.status, made.model_used) == ("succeeded", "thinker:1b")
    assert made.attempts.all()[0].cause == "incapable"
    assert asked(ollama, "thinker:1b") == [True]
