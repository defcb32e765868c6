"""Making the reports that are due: chunk after chunk, each whole or not at all.

One fan-out goes on at a time; its row says how far it has come. A chunk's reports, their runs and
that row are written in one transaction, under a lock of the row: a process that is killed leaves
neither half a chunk nor a lock, and two that work at once take turns. That nobody gets two reports
of a week is the database's constraint all the same.
"""

import logging
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils import timezone

from llmconfig.database.conflicts import conflicts_retried
from workers.reports.activity import wanted_active
from workers.reports.making import Started, reports_start
from workers.reports.models import FanOut, ReportRefusal
from workers.reports.selection import SlotDue, slots_due, users_after, wanted_due
from workers.reports.spread import offset_of
from workers.reports.wanted import Wanted

logger = logging.getLogger(__name__)

#: The Celery task that beat sends, and that a fan-out which has more to do sends itself.
FAN_OUT_TASK = "llm.enqueue_weekly_reports"
#: Users of one chunk.
CHUNK = 2000
#: One delivery works for so long; the next one goes on.
DELIVERY_SECONDS = 20.0
#: A user who is deleted in between makes a chunk fail; the next try does not find them.
TRIES = 3


def fan_out_begin(now: datetime | None = None) -> FanOut:
    """The fan-out that goes on, or a new one for now, by the database's clock."""
    moment = now or _database_now()
    FanOut.objects.bulk_create([FanOut(moment=moment)], ignore_conflicts=True)
    going_on = FanOut.objects.filter(finished_at=None)
    going_on.update(deliveries=F("deliveries") + 1)
    # Somebody else may have finished it in between.
    return going_on.first() or FanOut.objects.latest("pk")


def fan_out_run(fan_out: FanOut, *, seconds: float | None = None) -> bool:
    """Make the reports that are due, for so long, or all of them; whether none is left."""
    until = None if seconds is None else time.monotonic() + seconds
    slots = slots_due(fan_out.moment)
    while not _chunk_tried(fan_out, slots):
        if until is not None and time.monotonic() >= until:
            return False
    return True


def fan_outs_prune(before: datetime) -> None:
    """Delete what ended, and what was refused, before a moment."""
    FanOut.objects.filter(finished_at__lt=before).delete()
    ReportRefusal.objects.filter(tried_at__lt=before).delete()


def reports_due(now: datetime) -> Counter[str]:
    """How many reports of each week a fan-out at that moment would make or see refused."""
    slots, found, after = slots_due(now), Counter[str](), 0
    while users := users_after(after, CHUNK):
        wanted = wanted_due(slots, users, now)
        found.update(str(each.week) for each in wanted_active(wanted))
        after = users[-1]
    return found


def _chunk_tried(fan_out: FanOut, slots: Sequence[SlotDue]) -> bool:
    for _ in range(TRIES - 1):
        try:
            return _chunk(fan_out, slots)
        except IntegrityError as error:
            logger.warning("A chunk of weekly reports is made again: %s", error)
    return _chunk(fan_out, slots)


@conflicts_retried
@transaction.atomic
def _chunk(fan_out: FanOut, slots: Sequence[SlotDue]) -> bool:
    """Make the next chunk; whether it was the last one."""
    row = FanOut.objects.select_for_update().get(pk=fan_out.pk)
    if row.finished_at:
        return True
    users = users_after(row.after_user, CHUNK)
    wanted = wanted_due(slots, users, row.moment)
    active = wanted_active(wanted) if wanted else []
    started = reports_start([_spread(each, row.moment) for each in active]) if active else []
    _count(row, wanted, started)
    if len(users) < CHUNK:
        row.finished_at = timezone.now()
        _tell(row)
    else:
        row.after_user = users[-1]
    row.save()
    return row.finished_at is not None


def _spread(wanted: Wanted, moment: datetime) -> Wanted:
    offset = offset_of(wanted.user_id, str(wanted.week), settings.REPORT_SPREAD)
    # A fan-out that stood still goes on with its moment; a deadline that is over already would
    # have the report expire unwritten.
    return replace(wanted, available_at=max(moment + offset, timezone.now()))


def _count(row: FanOut, wanted: Sequence[Wanted], started: Sequence[Started]) -> None:
    refused = [each for each in started if each.error]
    row.looked_at += len(wanted)
    row.due += len(started)
    row.made += sum(each.is_new for each in started)
    row.refused += len(refused)
    reasons = Counter(row.reasons)
    reasons.update(each.error.code for each in refused if each.error)
    row.reasons = dict(reasons)
    if not started:
        return
    _refusals_store(refused)
    made = [each.wanted.user_id for each in started if each.is_new]
    ReportRefusal.objects.filter(user__in=made).delete()


def _refusals_store(refused: Sequence[Started]) -> None:
    now = timezone.now()
    rows = [
        ReportRefusal(
            user_id=each.wanted.user_id,
            week=str(each.wanted.week),
            code=each.error.code,
            detail=str(each.error)[:500],
            tried_at=now,
        )
        for each in refused
        if each.error
    ]
    ReportRefusal.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["user", "week"],
        update_fields=["code", "detail", "tried_at"],
    )


def _tell(row: FanOut) -> None:
    level = logging.INFO if row.due else logging.DEBUG
    logger.log(
        level,
        "Weekly reports due at %s: %d, made %d, refused %d %s",
        row,
        row.due,
        row.made,
        row.refused,
        row.reasons or "",
    )


def _database_now() -> datetime:
    """The workers' clocks may differ."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
        return moment
