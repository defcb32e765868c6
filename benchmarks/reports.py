"""The fan-out of weekly reports for very many users.

    .venv/bin/python -m benchmarks.reports

First 100,000 users are due: 2 % were active in the week, 18 % in the weeks before it. Promised: at
most 60 s, and 200 MB beyond the idle process. Then 10,000 active ones, beside ``delay()`` with one
resolution each, and beside bare messages over one reused producer, which resolve and store nothing;
promised: 3 × and 0.8 ×. Nothing is spread, so that the fan-out publishes all. Exits with 1 where a
promise is broken.
"""

import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import psutil

from benchmarks.services import services

USERS, ACTIVE = 100_000, 2_000
MANY = 10_000
RUNS_EACH = 10
ROUNDS = 3
MOST_SECONDS, MOST_BYTES = 60, 200 * 2**20
LEAST_OF_DELAY, LEAST_OF_BARE = 3, 0.8
PAYLOAD = {"entries": [{"text": "Fixed the login and reviewed two changes."}] * 5}


def main() -> int:
    os.environ["REPORT_SPREAD"] = "0"
    with services():
        seconds, again, grown = _hundred_thousand()
        rates = _ten_thousand()
    fan_out, delay, bare = rates.values()
    lines = [
        f"{USERS:,} users due, {ACTIVE:,} active",
        f"  fan-out                     {seconds:7.1f} s   promised: {MOST_SECONDS}",
        f"  the next one, nobody left   {again:7.1f} s",
        f"  memory beyond idle          {grown / 2**20:7.0f} MB  promised: {MOST_BYTES >> 20}",
        f"{f'{MANY:,} active users':44}{'users/s':>9}{'ratio':>8}",
    ]
    lines += [f"  {name:42}{rate:9,.0f}{rate / delay:7.1f}x" for name, rate in rates.items()]
    sys.stdout.write("\n".join(lines) + "\n")
    fast = fan_out >= LEAST_OF_DELAY * delay and fan_out >= LEAST_OF_BARE * bare
    return 0 if seconds <= MOST_SECONDS and grown <= MOST_BYTES and fast else 1


def _hundred_thousand() -> tuple[float, float, int]:
    """Seconds of the fan-out and of the next one, and the bytes that its process grew by."""
    now = monday()
    users = people(USERS)
    work(users[::50], now - timedelta(days=4))
    work([user for n, user in enumerate(users) if n % 50 and n % 5 == 1], now - timedelta(days=21))
    analyse()
    command = [sys.executable, "-m", "benchmarks.reports", now.isoformat(), str(ACTIVE)]
    told = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, again, grown = json.loads(told.stdout)
    return seconds, again, grown


def _alone(now: datetime, active: int) -> None:
    """In a process of its own: one fan-out, and the next."""
    import django

    django.setup()
    from workers import tasks  # noqa: F401

    with _memory() as grown:
        seconds = _seconds(lambda: _expect(_fan_out(now), active))
    again = _seconds(lambda: _expect(_fan_out(now + timedelta(minutes=15)), 0))
    sys.stdout.write(json.dumps([seconds, again, max(grown)]))


def _ten_thousand() -> dict[str, float]:
    from workers.models import TaskRun
    from workers.reports.models import WeeklyReport

    _clear()
    now = monday()
    users = people(MANY)
    work(users, now - timedelta(days=4))
    analyse()
    delay = MANY / _seconds(lambda: _delay(users))
    fast, bare = [], []
    for _ in range(ROUNDS):
        WeeklyReport.objects.all().delete()
        TaskRun.objects.filter(task_type="TASK_TYPE_WEEKLY_REPORT").delete()
        analyse()
        fast.append(MANY / _seconds(lambda: _expect(_fan_out(now), MANY)))
        runs = list(TaskRun.objects.filter(task_type="TASK_TYPE_WEEKLY_REPORT"))
        bare.append(MANY / _seconds(lambda runs=runs: _bare(runs)))
    return {
        "fan-out: selected, resolved, stored, sent": statistics.median(fast),
        "delay(), one resolution each": delay,
        "send_task, one reused producer": statistics.median(bare),
    }


def _fan_out(now: datetime) -> Any:
    from workers.reports.fan_out import fan_out_begin, fan_out_run

    begun = fan_out_begin(now)
    fan_out_run(begun)
    begun.refresh_from_db()
    return begun


def _expect(row: Any, made: int) -> None:
    from workers.models import TaskRun

    if row.made != made:
        raise RuntimeError(f"{row.made} reports were made, {made} are due")
    waiting = TaskRun.objects.filter(task_type="TASK_TYPE_WEEKLY_REPORT", status="pending")
    if waiting.exists():
        raise RuntimeError("not all were published")


def _delay(users: list[int]) -> None:
    from workers.messaging.publish import celery_app
    from workers.reports import REPORT_TYPE
    from workers.task_types import celery_name

    task = celery_app().tasks[celery_name(REPORT_TYPE)]
    for user in users:
        task.delay(task_type=REPORT_TYPE, payload=PAYLOAD, user_id=user)


def _bare(runs: list[Any]) -> None:
    from workers.messaging.publish import celery_app, message_of

    app = celery_app()
    with app.producer_or_acquire() as producer:
        for run in runs:
            app.send_task(producer=producer, **message_of(run))


def monday() -> datetime:
    """A moment at which everyone is due who has no settings."""
    from zoneinfo import ZoneInfo

    from django.utils import timezone

    from workers.reports.due import Slot
    from workers.reports.weeks import week_of

    zone = ZoneInfo("UTC")
    return Slot(zone=zone, weekday=1, hour=7).moment_on(week_of(timezone.now(), zone).monday)


def people(count: int) -> list[int]:
    from django.contrib.auth import get_user_model

    model = get_user_model()
    made = model.objects.bulk_create(
        (model(username=f"{count}-{n}") for n in range(count)), batch_size=5000
    )
    return [user.pk for user in made]


def work(users: list[int], at: datetime, runs_each: int = RUNS_EACH) -> None:
    """What each of them sent and got in the hours before a moment."""
    from workers.models import TaskRun
    from workers.runs.bulk_insert import rows_copy

    for start in range(0, len(users), 500):
        rows_copy(
            [
                TaskRun(
                    user_id=user, task_type="TASK_TYPE_INSIGHT_GENERATION",
                    queue="llm.insight_generation", payload=PAYLOAD, llm_config={},
                    status="succeeded", result={"content": "x"}, created_at=moment,
                    finished_at=moment, deadline=moment, available_at=moment,
                )
                for user in users[start : start + 500]
                for moment in (at - timedelta(hours=n) for n in range(runs_each))
            ]
        )  # fmt: skip


def _clear() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE auth_user, reports_fanout CASCADE")


def analyse() -> None:
    """What autovacuum does in time."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _seconds(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


@contextmanager
def _memory() -> Iterator[list[int]]:
    """How much larger than at the beginning the process is, looked at 50 times a second."""
    process, over = psutil.Process(), threading.Event()
    idle = process.memory_info().rss
    grown = [0]

    def look() -> None:
        while not over.wait(0.02):
            grown.append(process.memory_info().rss - idle)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield grown
    finally:
        over.set()
        thread.join()


if __name__ == "__main__":
    if len(sys.argv) == 3:
        _alone(datetime.fromisoformat(sys.argv[1]), int(sys.argv[2]))
    else:
        sys.exit(main())
