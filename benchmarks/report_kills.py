"""``kill -9`` of beats and workers in the middle of a fan-out: each report is made exactly once.

    .venv/bin/python -m benchmarks.report_kills [seed]

Two beats and two workers run as the Procfile starts them, with a tick every second, and 20,000
users are due. Whenever the fan-out has come further, one process, whichever chance picks, is killed
a moment later and started again. Exits with 1 where a report is missing, is there twice, or has no
run.
"""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO

from benchmarks.reports import analyse, monday, people, work
from benchmarks.services import services
from config.env import PROJECT

USERS = 20_000
#: A chunk takes about as long.
LATEST_SECONDS = 1.0
LONGEST_SECONDS = 600.0
CELERY = [sys.executable, "-m", "celery", "--quiet", "-A", "config"]
QUEUES = "llm.weekly_report,llm.weekly_report.low"
WORKER = ["worker", "-P", "threads", "-c", "2", "-Q", QUEUES, "--without-mingle", "--loglevel=INFO"]
COMMANDS = {
    "beat 1": [*CELERY, "beat", "--pidfile=", "--loglevel=INFO"],
    "beat 2": [*CELERY, "beat", "--pidfile=", "--loglevel=INFO"],
    "worker 1": [*CELERY, *WORKER, "-n", "w1@%h"],
    "worker 2": [*CELERY, *WORKER, "-n", "w2@%h"],
}


class Processes:
    """Those of the commands; each is started again when it was killed."""

    def __init__(self, log: IO[bytes]) -> None:
        self._log = log
        self._running = {name: self._start(name) for name in COMMANDS}
        self.killed: Counter[str] = Counter()

    def kill(self, name: str) -> None:
        self._running[name].kill()
        self._running[name].wait()
        self.killed[name.split()[0]] += 1
        self._running[name] = self._start(name)

    def stop(self) -> None:
        for process in self._running.values():
            process.kill()
            process.wait()

    def _start(self, name: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(COMMANDS[name], cwd=PROJECT, stdout=self._log, stderr=self._log)


def main() -> int:
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    chance = random.Random(seed)  # noqa: S311  (no secret: the same for the same seed)
    # Reports that may begin are nobody's subject here.
    os.environ["REPORT_SPREAD"] = "1d"
    with services() as directory:
        work(people(USERS), monday() - timedelta(days=4), 1)
        _tick_every_second()
        analyse()
        with _processes(directory) as processes:
            seconds = _kill_until_done(processes, chance)
        made, right = _outcome()
        if not right:
            sys.stdout.write((directory / "log").read_text()[-5000:])
    sys.stdout.write(
        f"{USERS:,} users due, seed {seed}: {seconds:.0f} s\n"
        f"  killed: {dict(sorted(processes.killed.items()))}\n  {made}\n"
    )
    return 0 if right else 1


def _tick_every_second() -> None:
    from django_celery_beat.models import IntervalSchedule, PeriodicTask

    second = IntervalSchedule.objects.create(every=1, period="seconds")
    PeriodicTask.objects.create(
        name="weekly-reports", task="llm.enqueue_weekly_reports", interval=second, expire_seconds=5
    )


@contextmanager
def _processes(directory: Path) -> Iterator[Processes]:
    with (directory / "log").open("wb") as log:
        processes = Processes(log)
        try:
            yield processes
        finally:
            processes.stop()


def _kill_until_done(processes: Processes, chance: random.Random) -> float:
    """Seconds until the fan-out is through, from its beginning."""
    until = time.monotonic() + LONGEST_SECONDS
    while (made := _made()) == 0 and time.monotonic() < until:
        time.sleep(0.05)
    started = time.monotonic()
    while made < USERS and time.monotonic() < until:
        time.sleep(chance.uniform(0, LATEST_SECONDS))
        processes.kill(chance.choice(list(COMMANDS)))
        before = made
        while (made := _made()) == before and time.monotonic() < until:
            time.sleep(0.05)
    return time.monotonic() - started


def _made() -> int:
    from workers.reports.models import WeeklyReport

    return WeeklyReport.objects.count()


def _outcome() -> tuple[str, bool]:
    from django.db.models import Sum

    from workers.models import TaskRun
    from workers.reports import REPORT_TYPE
    from workers.reports.models import FanOut, WeeklyReport

    counted = FanOut.objects.aggregate(made=Sum("made"), deliveries=Sum("deliveries"))
    reports = WeeklyReport.objects.count()
    runs = TaskRun.objects.filter(task_type=REPORT_TYPE)
    people = runs.values("user").distinct().count()
    told = (
        f"reports {reports:,}, runs {runs.count():,} of {people:,} users, "
        f"counted {counted['made']:,} in {counted['deliveries']} deliveries"
    )
    return told, reports == runs.count() == people == counted["made"] == USERS


if __name__ == "__main__":
    sys.exit(main())
