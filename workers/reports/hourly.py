"""Weekly reports without a request: what beat asks for, every hour, once per person and week.

The week is the last complete ISO 8601 week. Its entries are those that the person sent for
insights in that week. A report is keyed by person and week, so that asking again makes none.
"""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import IntegrityError
from django.utils import timezone

from llmconfig.errors import LLMConfigError
from workers.enqueue import enqueue
from workers.errors import WorkerError
from workers.models import TaskRun
from workers.payloads import MAX_ENTRIES, MAX_PAYLOAD_BYTES, payload_size
from workers.reports import REPORT_TYPE

logger = logging.getLogger(__name__)

#: The Celery task that beat sends.
BEAT_TASK = "llm.enqueue_weekly_reports"
SOURCE_TYPE = "TASK_TYPE_INSIGHT_GENERATION"

#: What a payload has around its entries.
ENVELOPE_BYTES = len('{"entries":[]}')


def last_week(moment: datetime) -> tuple[str, datetime, datetime]:
    """The last complete ISO week before a moment: its name (``2026-W47``), start and end, UTC."""
    today = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    end = today - timedelta(days=today.weekday())
    start = end - timedelta(days=7)
    year, week, _day = start.isocalendar()
    return f"{year}-W{week:02d}", start, end


def weekly_reports_enqueue(moment: datetime | None = None) -> int:
    """Enqueue the reports of the last week that are missing; their number."""
    name, start, end = last_week(moment or timezone.now())
    runs = TaskRun.objects.filter(
        task_type=SOURCE_TYPE, user__is_active=True, created_at__gte=start, created_at__lt=end
    )
    people = runs.order_by("user").values_list("user", flat=True).distinct()
    keys = {_key(person, name): person for person in people}
    made = TaskRun.objects.filter(idempotency_key__in=keys)
    missing = keys.keys() - set(made.values_list("idempotency_key", flat=True))
    return sum(
        _report_enqueue(key, keys[key], runs.filter(user=keys[key]), name)
        for key in sorted(missing)
    )


def _key(person: Any, week: str) -> str:
    return f"weekly-report:{person}:{week}"


def _newest(entries: list[Any]) -> list[Any]:
    """As many of the newest entries as one payload holds."""
    kept: list[Any] = []
    room = MAX_PAYLOAD_BYTES - ENVELOPE_BYTES
    for entry in reversed(entries[-MAX_ENTRIES:]):
        room -= payload_size(entry) + 1
        if room < 0:
            break
        kept.insert(0, entry)
    return kept


def _report_enqueue(key: str, person: Any, runs: Any, week: str) -> bool:
    payloads = runs.order_by("created_at").values_list("payload", flat=True)
    entries = [entry for payload in payloads for entry in payload["entries"]]
    try:
        enqueue(
            task_type=REPORT_TYPE,
            payload={"entries": _newest(entries)},
            user_id=person,
            priority="low",
            metadata={"week": week},
            idempotency_key=key,
        )
    except IntegrityError:
        # Another worker made it in between.
        return False
    except (LLMConfigError, WorkerError) as error:
        logger.warning("No weekly report for user %s: %s", person, error)
        return False
    return True
