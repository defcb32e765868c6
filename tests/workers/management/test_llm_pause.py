"""The commands that pause and resume."""

from io import StringIO

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command

from workers.models import Pause

pytestmark = pytest.mark.django_db

QUEUE = "llm.weekly_report"


def run(*arguments):
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_a_queue_is_paused_with_a_reason_and_resumed():
    assert QUEUE in run("llm_pause", "--queue", QUEUE, "--reason", "maintenance")
    assert Pause.objects.get().reason == "maintenance"
    assert QUEUE in run("llm_resume", "--queue", QUEUE)
    assert not Pause.objects.exists()


def test_a_model_is_paused_in_somebodys_name(person):
    run("llm_pause", "--model", "qwen3", "--reason", "new weights", "--by", "ada")
    made = Pause.objects.get()
    assert (made.name, made.created_by) == ("qwen3:latest", person)
    assert LogEntry.objects.get().user == person


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["llm_pause", "--queue", "llm.no", "--reason", "x"], "accepted: llm."),
        (["llm_pause", "--queue", QUEUE], "--reason"),
        (["llm_pause", "--reason", "x"], "--queue --model"),
        (["llm_pause", "--queue", QUEUE, "--model", "x", "--reason", "x"], "not allowed with"),
        (["llm_pause", "--queue", QUEUE, "--reason", "x", "--by", "nobody"], "nobody"),
        (["llm_resume", "--queue", QUEUE], "not paused"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(arguments, complaint):
    with pytest.raises(CommandError, match=complaint):
        run(*arguments)
