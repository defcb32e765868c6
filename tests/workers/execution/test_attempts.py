"""What a call of the backend becomes in a run's rows."""

import asyncio
import json
from dataclasses import dataclass

import pytest

from llmconfig.models import Preference
from workers.backends import load_faults
from workers.execution.runner import run_deliver
from workers.models import Breaker, TaskRun
from workers.submission.enqueue import enqueue
from workers.testing.behaviours import Behaviour, LoadFails, Status
from workers.testing.script import always

PRIMARY, FALLBACK = "ok:3b", "ok:1b"


@pytest.fixture
def deliver(transactional_db, broker, ollama, person):
    """Accepts a run and delivers it once; its attempts."""

    def enqueue_and_deliver(**preference):
        Preference.objects.update_or_create(user=person, defaults=preference)
        payload = {"prompt": "Hi"}
        run = enqueue(task_type="TASK_TYPE_TEXT_GENERATION", payload=payload, user_id=person.pk)
        run_deliver(run.pk)
        return list(TaskRun.objects.get(pk=run.pk).attempts.all())

    return enqueue_and_deliver


@pytest.mark.parametrize(
    ("behaviour", "cause"),
    [
        (Status(code=500, body='option "top_k" must be of type integer'), "invalid_request"),
        (Status(code=500, body="template: :1: unclosed action"), "invalid_request"),
        (LoadFails(), "cannot_load"),
    ],
    ids=str,
)
def test_a_request_that_can_never_succeed_is_sent_once_and_left_to_the_fallback(
    deliver, ollama, behaviour, cause
):
    ollama.script(PRIMARY, [always(behaviour)])
    attempts = deliver(model=PRIMARY, fallback_model=FALLBACK, max_retries=3)
    assert [(a.model, a.outcome, a.cause) for a in attempts] == [
        (PRIMARY, "unusable", cause),
        (FALLBACK, "succeeded", ""),
    ]
    assert not Breaker.objects.filter(model=PRIMARY, failures__gt=0)


def line(text, **facts):
    body = {"message": {"role": "assistant", "content": text}, "done": False, **facts}
    return json.dumps(body).encode() + b"\n"


def answer(text):
    """One that took a moment, of which the server reports so much."""
    durations = {
        "total_duration": 20_000_000,
        "load_duration": 4_000_000,
        "prompt_eval_duration": 5_000_000,
        "eval_duration": 5_000_000,
    }
    return SlowAnswer(raw=line(text) + line("", done=True, done_reason="stop", **durations))


@dataclass(frozen=True)
class SlowAnswer(Behaviour):
    raw: bytes

    async def answer(self, reply):
        await asyncio.sleep(0.03)
        await Status(code=200, raw=self.raw).answer(reply)


def test_an_attempt_has_the_time_of_loading_and_in_the_servers_queue(deliver, ollama):
    ollama.script(PRIMARY, [answer("Hello")])
    [attempt] = deliver(model=PRIMARY)
    assert (attempt.load_ms, attempt.queue_ms) == (4, 6)


def test_an_answer_that_is_refused_keeps_its_times(deliver, ollama):
    ollama.script(PRIMARY, [answer("\u200b")])
    attempt = deliver(model=PRIMARY, fallback_model="", max_retries=0)[0]
    assert attempt.outcome == "transient"
    assert (attempt.load_ms, attempt.queue_ms) == (4, 6)


def test_a_call_that_reached_nothing_has_no_times(deliver, settings):
    settings.OLLAMA_HOST = "http://127.0.0.1:9"
    [attempt] = deliver(model=PRIMARY)
    assert (attempt.load_ms, attempt.queue_ms) == (None, None)


def test_a_model_that_could_not_be_loaded_is_remembered(deliver, ollama):
    ollama.script(PRIMARY, [always(LoadFails())])
    deliver(model=PRIMARY, fallback_model=FALLBACK)
    assert "cannot load the model" in load_faults.reason_of(ollama.host, PRIMARY)


def test_a_model_that_answers_could_be_loaded(deliver, ollama):
    load_faults.note(ollama.host, PRIMARY, "no memory")
    deliver(model=PRIMARY, fallback_model="")
    assert load_faults.reason_of(ollama.host, PRIMARY) == ""
