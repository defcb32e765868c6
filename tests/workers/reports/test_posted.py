"""Reports of entries that a task brings along: made from parts where they are long."""

import pytest

from workers.models import TaskRun
from workers.reports.errors import RunIsPart
from workers.runs.states import Status
from workers.submission.enqueue import enqueue
from workers.submission.resubmit import run_retry
from workers.testing.delivery import run_finish
from workers.testing.fake_ollama import FakeOllama
from workers.testing.one_host import OneHost, Pace

REPORT = "TASK_TYPE_WEEKLY_REPORT"
STOCK = """\
default: {model: "ok:3b", fallback_model: "ok:1b"}
"""


@pytest.fixture(params=[True, False], ids=["honours", "ignores"])
def host(request, settings, config_file):
    """A stock Ollama: 4,096 tokens for every model of which nothing is stated."""
    config_file(STOCK)
    pace = Pace(tokens=4, seconds=0.0)
    options = OneHost(honours_truncate=request.param, pace=pace, load_seconds=0.0)
    with FakeOllama(one_host=options) as server:
        settings.OLLAMA_HOST = server.host
        yield server


@pytest.fixture
def finish(transactional_db, broker, person):
    def do(task_type, entries, **payload):
        run = enqueue(
            task_type=task_type, payload={"entries": entries, **payload}, user_id=person.pk
        )
        return run_finish(run)

    return do


def entries(count):
    return [
        {
            "date": f"2026-11-{16 + number // 100:02d}",
            "text": f"Entry {number:03d}: reviewed the change of the billing import, measured the"
            " new index and wrote down what is to follow.",
        }
        for number in range(count)
    ]


def prompts(server):
    """What models read to answer, without what was sent to be counted."""
    bodies = [exchange.body for exchange in server.requests("/api/chat")]
    whole = [b for b in bodies if (b.get("options") or {}).get("num_predict") != 1]
    return [body["messages"][-1]["content"] for body in whole]


@pytest.mark.parametrize("count", [200, 400])
def test_a_long_report_is_written_from_parts_with_every_entry_in_one(finish, host, count):
    run = finish(REPORT, entries(count))
    assert (run.status, run.notes) == (Status.SUCCEEDED, [])
    read = prompts(host)
    for entry in entries(count):
        assert sum(entry["text"] in prompt for prompt in read) == 1
    assert read[-1].startswith("These are summaries of all parts of the material of my week, in")
    assert TaskRun.objects.filter(parent=run).count() == len(read) - 1
    assert host.statistics["ok:3b"].cut_prompts == 0


def test_a_short_report_is_written_in_one_go(finish, host):
    run = finish(REPORT, entries(10))
    assert run.status == Status.SUCCEEDED
    (prompt,) = prompts(host)
    assert prompt.startswith("Here is my work log of this week:")
    assert not TaskRun.objects.filter(parent=run).exists()


def test_background_is_told_when_the_summaries_are_joined(finish, host):
    finish(REPORT, entries(200), context={"team": "Data"})
    *parts, joined = prompts(host)
    assert 'Background:\n{"team": "Data"}\n' in joined
    assert not any("Background" in part for part in parts)


def test_a_part_of_a_posted_report_is_not_done_again_alone(finish, host):
    run = finish(REPORT, entries(200))
    with pytest.raises(RunIsPart):
        run_retry(TaskRun.objects.filter(parent=run).first())
    assert run_finish(run_retry(run)).status == Status.SUCCEEDED


@pytest.mark.parametrize("task_type", ["TASK_TYPE_INSIGHT_GENERATION", "TASK_TYPE_DATA_ANALYSIS"])
def test_insights_and_analyses_say_how_many_entries_they_leave_out(finish, host, task_type):
    run = finish(task_type, entries(400))
    assert run.status == Status.SUCCEEDED
    read = prompts(host)[-1]
    kept = sum(entry["text"] in read for entry in entries(400))
    assert 0 < kept < 400
    assert all(entry["text"] in read for entry in entries(400)[-kept:])
    assert run.notes == [
        {
            "code": "entries_left_out",
            "detail": f"{400 - kept} of 400 entries were left out, the oldest first: together they"
            " do not fit the context of ok:3b, which has 4096 tokens.",
        }
    ]
    assert [attempt.outcome for attempt in run.attempts.all()] == ["succeeded"]


def test_what_a_part_leaves_out_is_noted_on_the_whole(finish, settings, host):
    """The window is not known before a model is loaded, and is smaller than the default."""
    options = OneHost(context_length=2048, pace=Pace(tokens=4, seconds=0.0), load_seconds=0.0)
    with FakeOllama(one_host=options) as server:
        settings.OLLAMA_HOST = server.host
        run = finish(REPORT, entries(200))
    assert run.status == Status.SUCCEEDED
    parts = TaskRun.objects.filter(parent=run).exclude(notes=[])
    assert [note["detail"] for note in run.notes] == [
        f"Part {part.payload['part']} of {part.payload['parts']}: {part.notes[0]['detail']}"
        for part in parts.order_by("payload__part")
    ]
    assert run.notes[0]["detail"].endswith("the context of ok:3b, which has 2048 tokens.")
