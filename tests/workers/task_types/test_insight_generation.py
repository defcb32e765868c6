"""An insight is what the model meant, in whichever of its habits it wrote it."""

import json

import pytest

from llmconfig.models import Preference
from workers.execution.runner import run_deliver
from workers.models import TaskRun
from workers.submission.enqueue import enqueue
from workers.testing.behaviours import Ok, Status
from workers.testing.delivery import run_finish

INSIGHT = "TASK_TYPE_INSIGHT_GENERATION"
GOOD = {"content": "Logins matter.", "tags": ["login", "review"], "confidence": 85}


@pytest.fixture
def ask(transactional_db, broker, ollama, person):
    """Scripts the model's answers, has a run worked on and returns it."""

    def run(*answers, **preference):
        Preference.objects.update_or_create(user=person, defaults=preference)
        ollama.script("ok:3b", [Ok(a) if isinstance(a, str) else a for a in answers])
        asked = enqueue(task_type=INSIGHT, payload={"entries": ["worked"]}, user_id=person.pk)
        run_finish(asked)
        return TaskRun.objects.prefetch_related("attempts").get(pk=asked.pk)

    return run


def written(**changed):
    return json.dumps({**GOOD, **changed})


@pytest.mark.parametrize(
    ("answer", "confidence"),
    [
        (written(), 0.85),
        (written(confidence="85%"), 0.85),
        (written(confidence="85"), 0.85),
        (written(confidence=85.5), 0.85),
        (written(confidence=0.85), 0.85),
        (written(confidence=1.0), 1.0),
        (written(tags="login, review"), 0.85),
        (written(mood="glad"), 0.85),
        (f"Sure! Here it is:\n```json\n{written()}\n```\nAnything else?", 0.85),
        (f"<think>Logins?</think>\n```json\n{written()}", 0.85),
    ],
)
def test_an_insight_is_read_as_it_is_meant(ask, answer, confidence):
    run = ask(answer)
    assert run.result == {**GOOD, "confidence": confidence}
    assert len(run.attempts.all()) == 1


def prompts(ollama, model="ok:3b"):
    return [x.body["messages"][-1]["content"] for x in ollama.requests("/api/chat", model)]


def test_a_confidence_of_1_is_asked_again_with_what_was_wrong(ask, ollama):
    run = ask(written(confidence=1), written())
    assert run.result["confidence"] == 0.85
    first, again = prompts(ollama)
    assert again.startswith(first)
    assert "$.confidence: 1 may mean 1% or 100%" in again


def test_a_retry_is_told_the_last_problem_of_its_model_alone(ask, ollama):
    ask(written(tags=[]), written(content=""), written())
    first, second, third = prompts(ollama)
    assert "$.tags" in second
    assert "$.content" in third
    assert "$.tags" not in third
    assert first not in (second, third)


def test_a_failure_in_between_leaves_the_problem_to_be_told(ask, ollama):
    ask(written(tags=[]), Status(503), written())
    assert ["$.tags" in prompt for prompt in prompts(ollama)] == [False, True, True]


def test_the_fallback_is_not_told_of_the_answers_of_another_model(ask, ollama):
    run = ask(written(tags=[]), max_retries=0)
    assert run.fallback_used
    assert prompts(ollama, "ok:1b") == prompts(ollama)[:1]


def test_the_problem_is_known_to_the_next_delivery(ask, ollama, person):
    ollama.script("ok:3b", [Ok("nothing"), Ok(written())])
    run = enqueue(task_type=INSIGHT, payload={"entries": ["worked"]}, user_id=person.pk)
    run_deliver(run.pk)
    TaskRun.objects.filter(pk=run.pk).update(available_at=run.created_at)
    run_finish(TaskRun.objects.get(pk=run.pk))
    assert "it is not JSON" in prompts(ollama)[-1]
