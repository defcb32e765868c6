"""200 reports and one of 5,000 entries, written by workers that are killed meanwhile.

    .venv/bin/python -m benchmarks.report_parts [seed]

A third of the weeks is longer than a context, and is written in parts. Two workers run as the
Procfile starts them; one after the other is killed with ``kill -9`` and started again. Promised:
every report is written; its facts, and what it took itself, are those that SQL of our own counts,
to the token; every entry is in exactly one part; no run has two results. Exits with 1 otherwise.
"""

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

from benchmarks.services import services
from config.env import PROJECT
from workers.testing.fake_ollama import FakeOllama

REPORTS = 200
LONGEST_WEEK = 5_000
KILLS = 6
#: So many runs end between two kills.
ENDED_BETWEEN = 60
LONGEST_SECONDS = 400.0
QUEUES = "llm.weekly_report,llm.weekly_report.low"
WORKER = [
    *(sys.executable, "-m", "celery", "--quiet", "-A", "config", "worker", "-P", "threads"),
    *("-c", "8", "-Q", QUEUES, "--without-mingle", "--loglevel=INFO"),
]

#: Of the runs of a week, and of the attempts of a report and its parts.
COUNTED = """
SELECT count(DISTINCT r.id), coalesce(sum(a.prompt_tokens), 0),
       coalesce(sum(a.completion_tokens), 0), coalesce(sum(a.duration_ms), 0)
FROM workers_taskrun r LEFT JOIN workers_attempt a ON a.run_id = r.id
"""
OF_THE_WEEK = "WHERE r.user_id = %s AND r.finished_at >= %s AND r.finished_at < %s"
OF_THE_RUN = "WHERE r.id = %s OR r.parent_id = %s"


def main() -> int:
    chance = random.Random(int(sys.argv[1]) if len(sys.argv) > 1 else 1)  # noqa: S311  (no secret)
    with FakeOllama() as model_server:
        os.environ["OLLAMA_HOST"] = model_server.host
        os.environ["LLM_DEFAULT_MODEL"] = "slow-first-token-0.4:3b"
        with services() as directory:
            _people(chance)
            with _workers(directory) as kill:
                seconds = _write(kill)
            checks, longest = _checks(), _longest()
    sys.stdout.write(
        f"{REPORTS + 1} reports, {KILLS} times a worker killed: {seconds:.0f} s\n  {longest}\n"
    )
    for told, right in checks:
        sys.stdout.write(f"  {'ok ' if right else 'NOT'} {told}\n")
    return 0 if all(right for _figures, right in checks) else 1


def _people(chance: random.Random) -> None:
    """Users with a week of entries, runs and attempts each."""
    from django.contrib.auth import get_user_model

    for number in range(REPORTS + 1):
        user = get_user_model().objects.create(username=f"user{number}")
        lengths = [chance.randrange(5, 40) if number % 3 else chance.randrange(200, 400)]
        if number == REPORTS:
            lengths = [500] * (LONGEST_WEEK // 500)
        for length in lengths:
            _work(chance, user, length)


def _work(chance: random.Random, user: Any, length: int) -> None:
    from workers.models import Attempt, TaskRun

    monday = _week().bounds(_zone())[0]
    words = ["import", "login", "release", "überarbeitet", "検証", "# done", "<b>bold</b>"]
    texts = [" ".join(chance.choices(words, k=12)) + f" {chance.random()}" for _ in range(length)]
    at = monday + timedelta(minutes=chance.randrange(6 * 24 * 60))
    run = TaskRun.objects.create(
        user=user, task_type="TASK_TYPE_INSIGHT_GENERATION", queue="llm.insight_generation",
        payload={"entries": [{"text": text} for text in texts]}, llm_config={},
        status="succeeded", result={"content": f"Insight {chance.random()}"}, model_used="m:1b",
        created_at=at, finished_at=at + timedelta(minutes=1), deadline=at + timedelta(days=1),
    )  # fmt: skip
    for number in range(1, chance.randrange(2, 5)):
        Attempt.objects.create(
            run=run, number=number, model="m:1b", host="h", outcome="transient", started_at=at,
            duration_ms=chance.randrange(60_000), prompt_tokens=chance.randrange(5000),
            completion_tokens=chance.choice([None, chance.randrange(500)]),
        )  # fmt: skip


class _Killer:
    """Kills one worker after the other, and starts it again."""

    def __init__(self, log: IO[bytes]) -> None:
        self._log = log
        self._running = [self._start(number) for number in range(2)]
        self._next = 0

    def __call__(self) -> None:
        number = self._next % 2
        self._next += 1
        self._running[number].kill()
        self._running[number].wait()
        self._running[number] = self._start(number)

    def stop(self) -> None:
        for process in self._running:
            process.kill()
            process.wait()

    def _start(self, number: int) -> "subprocess.Popen[bytes]":
        command = [*WORKER, "-n", f"w{number}@%h"]
        return subprocess.Popen(command, cwd=PROJECT, stdout=self._log, stderr=self._log)


@contextmanager
def _workers(directory: Path) -> Iterator[_Killer]:
    with (directory / "log").open("wb") as log:
        killer = _Killer(log)
        try:
            yield killer
        finally:
            killer.stop()


def _write(kill: _Killer) -> float:
    """Seconds until all reports are written."""
    from workers.models import TaskRun
    from workers.reports.models import WeeklyReport

    _start_reports()
    results = TaskRun.objects.filter(task_type="TASK_TYPE_WEEKLY_REPORT")
    killed, began = 0, time.monotonic()
    while time.monotonic() - began < LONGEST_SECONDS:
        ended = results.filter(status="succeeded").count()
        if killed < KILLS and ended > ENDED_BETWEEN * (killed + 1):
            kill()
            killed += 1
        if killed == KILLS and not WeeklyReport.objects.filter(written_at=None).exists():
            break
        time.sleep(0.1)
    return time.monotonic() - began


def _longest() -> str:
    """How the longest week is divided, and how fast."""
    from workers.reports.forecast import report_forecast
    from workers.reports.models import WeeklyReport
    from workers.reports.people import Place
    from workers.reports.wanted import Wanted

    report = WeeklyReport.objects.latest("user_id")
    place = Place(zone=_zone(), language="en")
    began = time.perf_counter()
    forecast = report_forecast(Wanted(user_id=report.user_id, week=_week(), place=place))
    milliseconds = (time.perf_counter() - began) * 1000
    return f"{forecast.entries:,} entries: {forecast.parts} parts, in {milliseconds:.0f} ms"


def _start_reports() -> None:
    from django.contrib.auth import get_user_model

    from workers.reports.making import reports_start
    from workers.reports.people import Place
    from workers.reports.wanted import Wanted

    place = Place(zone=_zone(), language="en")
    users = get_user_model().objects.order_by("pk").values_list("pk", flat=True)
    reports_start([Wanted(user_id=pk, week=_week(), place=place) for pk in users])


def _checks() -> list[tuple[str, bool]]:
    from workers.models import Attempt, TaskRun
    from workers.reports.models import WeeklyReport

    reports = list(WeeklyReport.objects.exclude(written_at=None).select_related("run"))
    results = Attempt.objects.filter(run__task_type="TASK_TYPE_WEEKLY_REPORT", outcome="succeeded")
    parts = TaskRun.objects.exclude(parent=None)
    lost = sum(TaskRun.objects.values_list("losses", flat=True))
    right = sum(map(_reconciles, reports))
    whole = sum(map(_is_whole, reports))
    once = results.count() == results.values("run").distinct().count()
    return [
        (f"{len(reports)} reports written", len(reports) == REPORTS + 1),
        (f"{right} of them reconcile with the attempts to the token", right == REPORTS + 1),
        (f"{whole} have every entry in exactly one part", whole == REPORTS + 1),
        (f"{results.count()} results of as many runs, {parts.count()} of them parts", once),
        (f"{lost} runs lost their worker and were done again", lost > 0),
    ]


def _reconciles(report: Any) -> bool:
    week = _figures(report.facts, report.facts["runs"]["total"])
    cost = _figures(report.facts["report"], report.facts["report"]["parts"] + 1)
    bounds = [report.user_id, report.starts_at, report.ends_at]
    return week == _sql(OF_THE_WEEK, bounds) and cost == _sql(OF_THE_RUN, [report.run_id] * 2)


def _figures(facts: dict[str, Any], runs: int) -> tuple[int, ...]:
    usage = facts["usage"]
    milliseconds = round(facts["model_seconds"] * 1000)
    return runs, usage["prompt_tokens"], usage["completion_tokens"], milliseconds


def _sql(condition: str, parameters: list[Any]) -> tuple[int, ...]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(COUNTED + condition, parameters)
        return tuple(map(int, cursor.fetchone()))


def _is_whole(report: Any) -> bool:
    """The parts of the first round, one after the other, are the material."""
    from workers.models import TaskRun
    from workers.reports.entries import material_read

    parts = TaskRun.objects.filter(parent=report.run_id, payload__round=1)
    if not parts:
        return bool(report.facts["report"]["parts"] == 0)
    payloads = sorted((part.payload for part in parts), key=lambda payload: payload["part"])
    material = material_read(
        user_id=report.user_id, week=_week(), zone=_zone(), until=report.run.created_at
    )
    told = "".join(item["text"] for payload in payloads for item in payload["items"])
    return len(payloads) == payloads[0]["parts"] and told == "".join(
        item.text for item in material.items
    )


def _zone() -> Any:
    from workers.reports.people import zone_named

    return zone_named("Europe/Berlin")


def _week() -> Any:
    from workers.reports.weeks import week_last_ended

    return week_last_ended(datetime.now().astimezone(), _zone())


if __name__ == "__main__":
    sys.exit(main())
