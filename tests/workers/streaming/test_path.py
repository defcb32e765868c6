"""The whole path: from what the model says to a client that watches."""

import pytest

from llmconfig.models import Preference
from workers.submission.cancel import run_cancel
from workers.testing import behaviours as b
from workers.testing.behaviours import Ok

TEXT = "One day a small model wrote a text, word by word, for whoever watched it."


@pytest.fixture
def watch(web, token):
    return lambda run, **options: web.watch(run, token, **options)


def test_a_text_is_told_as_it_is_written_and_put_together_it_is_the_result(
    celery_worker, ollama, ask, watch, finished
):
    ollama.script("ok:3b", [Ok(text=f"\n{TEXT} \n", chunks=20, delay=0.05)])
    run = ask()
    seen = watch(run)
    seen.wait_end()
    assert finished(run).result == {"content": TEXT}
    assert seen.is_whole
    assert seen.text == TEXT
    assert len(seen.of("text")) > 5
    assert {data["attempt"] for data in seen.of("text")} == {1}
    assert "reset" not in seen.names()
    begun, ended = seen.of("attempt")
    assert (begun["number"], begun["outcome"], begun["model"]) == (1, None, "ok:3b")
    assert (ended["number"], ended["outcome"]) == (1, "succeeded")
    assert begun.keys() == ended.keys()
    states = [data["status"] for data in seen.of("state")]
    assert states[-2:] == ["running", "succeeded"]
    assert seen.names()[-1] == "end"
    end = seen.told[-1].data
    assert (end["status"], end["result"], end["error"]) == ("succeeded", {"content": TEXT}, None)
    assert end["status_url"] == f"/v1/tasks/{run.pk}"


@pytest.mark.parametrize(
    "written",
    [
        f"<think>Let me see.\n</think>\n\n{TEXT}<|im_end|>",
        f"<|channel|>analysis Let me see.<|channel|>final<|message|>{TEXT}<|return|>",
    ],
)
def test_thinking_and_special_tokens_are_neither_streamed_nor_part_of_the_result(
    celery_worker, ollama, ask, watch, finished, written
):
    ollama.script("ok:3b", [Ok(text=written, chunks=30, delay=0.02)])
    run = ask()
    seen = watch(run)
    seen.wait_end()
    assert finished(run).result == {"content": TEXT}
    assert seen.text == TEXT
    assert "reset" not in seen.names()


def test_thinking_that_began_in_the_prompt_is_withdrawn_once_and_withheld_from_then_on(
    celery_worker, ollama, ask, watch, finished
):
    unopened = Ok(text=f"Let me see.\n</think>\n\n{TEXT}", chunks=20, delay=0.05)
    ollama.script("ok:3b", [unopened, unopened])
    withdrawn = []
    for _ in range(2):
        run = ask()
        seen = watch(run)
        seen.wait_end()
        assert finished(run).result == {"content": TEXT}
        assert seen.text == TEXT
        withdrawn.append("reset" in seen.names())
    assert withdrawn == [True, False]
    assert "Let me see" not in str(seen.of("text"))


def test_a_fallback_withdraws_what_the_primary_said(celery_worker, ollama, ask, watch, person):
    Preference.objects.create(user=person, model="ok:9b", first_token_timeout_seconds=1)
    ollama.script("ok:9b", [b.StallAfter()])
    ollama.script("ok:1b", [Ok(text=TEXT, chunks=10, delay=0.02)])
    seen = watch(ask())
    seen.wait_end()
    first = seen.of("text")[0]
    assert first["attempt"] == 1
    assert seen.of("reset") == [{"attempt": 1}]
    assert seen.text == TEXT
    assert seen.of("text")[-1]["attempt"] == 2
    assert seen.told[-1].data["fallback_used"] is True


def test_json_is_told_when_it_is_whole(celery_worker, person, web, token, finished):
    from workers.submission.enqueue import enqueue

    run = enqueue(
        task_type="TASK_TYPE_INSIGHT_GENERATION", payload={"entries": ["a"]}, user_id=person.pk
    )
    seen = web.watch(run, token)
    seen.wait_end()
    result = finished(run).result
    assert seen.of("text") == [{"attempt": 1, "delta": result["content"]}]
    assert seen.told[-1].data["result"] == result


def test_a_cancelled_run_ends_its_streams_and_keeps_what_was_said(
    celery_worker, ollama, ask, watch, person
):
    ollama.script("ok:3b", ["never-ending"])
    run = ask()
    seen = watch(run)
    seen.wait("text")
    run_cancel(run, by=person)
    seen.wait_end()
    assert "reset" not in seen.names()
    assert seen.told[-1].data["status"] == "cancelled"
    assert seen.told[-1].data["error"]["code"] == "cancelled"
