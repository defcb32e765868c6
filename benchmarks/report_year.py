"""A year of weekly reports, tick by tick, in 40 time zones: every due report is made exactly once.

    .venv/bin/python -m benchmarks.report_year [days] [seed]

Two beats send ticks, at once where both are up. Each is down now and then, for up to two days; a
fan-out is abandoned in the middle now and then, as by a kill; the clock jumps. The oracle is told
when each person's hour comes, and nothing else. Exits with 1 where a report is missing, is there
twice, or was not asked for.
"""

import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

from benchmarks.services import services

#: Half and quarter hours, both ends of the day, and changes of the clocks in both directions.
ZONES = [
    "Africa/Cairo",
    "Africa/Casablanca",
    "Africa/Johannesburg",
    "America/Anchorage",
    "America/Asuncion",
    "America/Bogota",
    "America/Chicago",
    "America/Denver",
    "America/Halifax",
    "America/Havana",
    "America/Los_Angeles",
    "America/New_York",
    "America/Nuuk",
    "America/Santiago",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Asia/Beirut",
    "Asia/Jerusalem",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Shanghai",
    "Asia/Tehran",
    "Asia/Tokyo",
    "Asia/Yangon",
    "Atlantic/Azores",
    "Australia/Adelaide",
    "Australia/Eucla",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Europe/Berlin",
    "Europe/Chisinau",
    "Europe/Dublin",
    "Europe/London",
    "Pacific/Apia",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Honolulu",
    "Pacific/Kiritimati",
    "Pacific/Marquesas",
    "UTC",
]
#: Those that a change of the clocks leaves out or brings twice, and the default.
HOURS = (0, 1, 2, 3, 7, 23)
START = datetime(2026, 1, 5, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
#: Forwards less than backwards: what is due by a wrong clock is made early.
JUMPS = (-26 * HOUR, 2 * HOUR)
IDLE_SHARE = 0.2
#: Small, so that one can be left between two.
CHUNK = 15
#: User's number and name of the week.
Key = tuple[int, str]


@dataclass(kw_only=True)
class Beat:
    """One of two: up, or down until a moment."""

    chance: random.Random
    down_until: datetime = datetime(1970, 1, 1, tzinfo=UTC)

    def ticks(self, now: datetime) -> bool:
        if now >= self.down_until and self.chance.random() < 0.01:
            self.down_until = now + self.chance.random() * 2 * DAY
        return now >= self.down_until


@dataclass(kw_only=True)
class Year:
    """What was simulated, and what came of it."""

    ticks: int = 0
    abandoned: int = 0
    jumps: int = 0
    due: set[Key] = field(default_factory=set)
    #: How many reports, and runs for reports, each has.
    reports: Counter[Key] = field(default_factory=Counter)
    runs: Counter[Key] = field(default_factory=Counter)

    @property
    def is_right(self) -> bool:
        return self.reports == self.runs == Counter(self.due)


def simulate(
    *, start: datetime, days: int, seed: int, each_zone: int = 1, quiet: float = 1.0
) -> Year:
    """Let time pass from a moment on, hour by hour. Needs Django, and an empty database.

    ``quiet`` is the share of the hours in which nobody is due that are not passed over.
    """
    from workers.reports import fan_out

    chance = random.Random(seed)  # noqa: S311  (no secret: the same for the same seed)
    end = start + days * DAY
    year = Year()
    slots = _people(chance, each_zone)
    active = _work(chance, slots, start, end)
    busy = {_hour_of(moment) for _key, moment in _moments(slots, start, end)}
    year.due = {
        key for key, moment in _moments(slots, start, end) if key in active and moment <= end
    }
    beats = [Beat(chance=chance), Beat(chance=chance)]
    with patch.object(fan_out, "CHUNK", CHUNK):
        for now in (start + n * HOUR for n in range(days * 24 + 1)):
            ticking = sum(beat.ticks(now) for beat in beats)
            if now in busy or chance.random() < quiet:
                _tick(year, chance, _clock(year, chance, now, end), ticking)
    # Whatever was missed at the end is caught up with.
    _fan_outs(end, 1)
    year.reports, year.runs = _made()
    return year


def _people(chance: random.Random, each_zone: int) -> dict[int, Any]:
    from django.contrib.auth import get_user_model

    from workers.reports.due import Slot
    from workers.reports.models import ReportSettings

    model, slots = get_user_model(), {}
    for zone in ZONES * each_zone:
        user = model.objects.create(username=f"{zone}-{len(slots)}")
        slot = Slot(zone=ZoneInfo(zone), weekday=chance.randint(1, 7), hour=chance.choice(HOURS))
        ReportSettings.objects.create(
            user=user, time_zone=zone, weekday=slot.weekday, hour=slot.hour
        )
        slots[user.pk] = slot
    return slots


def _work(chance: random.Random, slots: dict[int, Any], start: datetime, end: datetime) -> set[Key]:
    """One entry in most weeks of each person; whose and which weeks these are."""
    from workers.models import TaskRun
    from workers.runs.bulk_insert import rows_copy

    active, rows = set(), []
    for user_id, slot in slots.items():
        for week in _weeks(start, end):
            if chance.random() < IDLE_SHARE:
                continue
            first, last = week.bounds(slot.zone)
            at = first + chance.random() * (last - first - timedelta(seconds=1))
            active.add((user_id, str(week)))
            rows.append(
                TaskRun(
                    user_id=user_id, task_type="TASK_TYPE_INSIGHT_GENERATION",
                    queue="llm.insight_generation", payload={"entries": [{"text": "Shipped it"}]},
                    llm_config={}, status="failed", created_at=at, finished_at=at, deadline=at,
                )
            )  # fmt: skip
    rows_copy(rows)
    return active


def _moments(
    slots: dict[int, Any], start: datetime, end: datetime
) -> Iterator[tuple[Key, datetime]]:
    for user_id, slot in slots.items():
        for week in _weeks(start, end):
            day = week.shifted(1).monday + (slot.weekday - 1) * DAY
            yield (user_id, str(week)), slot.moment_on(day)


def _weeks(start: datetime, end: datetime) -> list[Any]:
    """From the one that ends around the start to the one that the end is in."""
    from workers.reports.weeks import week_of

    first = week_of(start + DAY, ZoneInfo("UTC"))
    return [first.shifted(n) for n in range(-1, (end - start).days // 7 + 1)]


def _hour_of(moment: datetime) -> datetime:
    """The first full hour at which a moment has come."""
    begun = moment.replace(minute=0, second=0, microsecond=0)
    return begun if begun == moment else begun + HOUR


def _clock(year: Year, chance: random.Random, now: datetime, end: datetime) -> datetime:
    """What the clock shows; at the end it is right."""
    if chance.random() > 0.04 or now > end - DAY:
        return now
    year.jumps += 1
    back, forth = JUMPS
    return now + back + chance.random() * (forth - back)


def _tick(year: Year, chance: random.Random, now: datetime, ticking: int) -> None:
    from workers.reports.fan_out import fan_out_begin, fan_out_run

    year.ticks += ticking
    if ticking and chance.random() < 0.1:
        year.abandoned += not fan_out_run(fan_out_begin(now), seconds=0)
        return
    _fan_outs(now, ticking)


def _fan_outs(now: datetime, at_once: int) -> None:
    if at_once == 1:
        _fan_out(now)
    threads = [
        threading.Thread(target=_fan_out_apart, args=(now,)) for _ in range(at_once // 2 * 2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _fan_out(now: datetime) -> None:
    from workers.reports.fan_out import fan_out_begin, fan_out_run

    begun = fan_out_begin(now)
    fan_out_run(begun)
    if begun.moment != now:
        # That was one which had been left in the middle.
        fan_out_run(fan_out_begin(now))


def _fan_out_apart(now: datetime) -> None:
    from django.db import connection

    try:
        _fan_out(now)
    finally:
        connection.close()


def _made() -> tuple[Counter[Key], Counter[Key]]:
    from workers.models import TaskRun
    from workers.reports import REPORT_TYPE
    from workers.reports.models import WeeklyReport

    reports = Counter(WeeklyReport.objects.values_list("user_id", "week"))
    runs = TaskRun.objects.filter(task_type=REPORT_TYPE)
    return reports, Counter(runs.values_list("user_id", "payload__week"))


def main() -> int:
    days = int(sys.argv[1]) if len(sys.argv) > 1 else 52 * 7
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    with services():
        started = time.perf_counter()
        year = simulate(start=START, days=days, seed=seed)
        seconds = time.perf_counter() - started
    due = Counter(year.due)
    sys.stdout.write(
        f"{days} days, hour by hour, {len(ZONES)} time zones, seed {seed}: {seconds:.0f} s\n"
        f"  ticks {year.ticks:,}, abandoned in the middle {year.abandoned}, "
        f"clock jumps {year.jumps}\n"
        f"  due {len(year.due):,}, made {year.reports.total():,}, runs {year.runs.total():,}, "
        f"missing {(due - year.reports).total()}, "
        f"too many {(year.reports - due).total() + (year.runs - due).total()}\n"
    )
    return 0 if year.is_right else 1


if __name__ == "__main__":
    sys.exit(main())
