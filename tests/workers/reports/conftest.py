"""A week of work: runs as they are found after their end."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from workers.models import Attempt, TaskRun
from workers.reports.people import Place
from workers.reports.wanted import Wanted
from workers.reports.weeks import week_last_ended

INSIGHT = "TASK_TYPE_INSIGHT_GENERATION"


@pytest.fixture
def week():
    """The last week that has ended in UTC."""
    return week_last_ended(timezone.now(), ZoneInfo("UTC"))


@pytest.fixture
def wanted(person, week):
    def make(user=person, zone="UTC", language="en", **fields):
        place = Place(zone=ZoneInfo(zone), language=language)
        return Wanted(user_id=user.pk, place=place, **{"week": week, **fields})

    return make


@pytest.fixture
def day(week):
    """A moment of the week in UTC: Monday is 0."""

    def moment(number, hour=12, minute=0):
        at = datetime.combine(week.monday, datetime.min.time(), UTC)
        return at + timedelta(days=number, hours=hour, minutes=minute)

    return moment


@pytest.fixture
def sent(person, day):
    """A run with entries, sent at a moment and, unless told else, answered a minute later."""

    def make(*entries, at=None, user=person, answer="", **fields):
        at = at or day(2)
        status = fields.pop("status", "succeeded")
        final = status not in ("pending", "queued", "retrying")
        result = {"content": answer or f"About {len(entries)}"} if status == "succeeded" else None
        return TaskRun.objects.create(
            **{
                "task_type": INSIGHT,
                "queue": "llm.insight_generation",
                "user": user,
                "payload": {"entries": [_entry(each) for each in entries]},
                "llm_config": {},
                "status": status,
                "created_at": at,
                "deadline": at + timedelta(days=1),
                "finished_at": at + timedelta(minutes=1) if final else None,
                "result": result,
                **fields,
            }
        )

    return make


@pytest.fixture
def attempt():
    def make(run, number=1, **fields):
        return Attempt.objects.create(
            **{
                "run": run,
                "number": number,
                "model": "ok:3b",
                "host": "http://models:11434",
                "outcome": "succeeded",
                "started_at": run.created_at,
                "duration_ms": 1500,
                "prompt_tokens": 10,
                "completion_tokens": 5,
                **fields,
            }
        )

    return make


def _entry(entry):
    return {"text": entry} if isinstance(entry, str) else entry
