"""Submitting one task over HTTP, beside what it is made of.

    .venv/bin/python -m benchmarks.submit

In turns: ``POST /v1/tasks``; ``GET /v1/auth/me`` on the same server, which only tells who calls; an
INSERT of the same row; and Celery's ``apply_async`` of the same message. Promised: the median of
the first is at most twice the sum of the other three. Exits with 1 where it is more.
"""

import sys
import time
import uuid
from collections.abc import Callable
from statistics import median
from typing import Any

import httpx

from benchmarks.batch import TASK, UNLIMITED, token
from benchmarks.processes import web_server
from benchmarks.services import services

TURNS = 1000
WARM_UP = 50
MOST = 2.0


def main() -> int:
    limits = {**UNLIMITED, "API_RATE_READ": "1000000/min"}
    with services() as directory:
        headers = {"Authorization": f"Token {token()}"}
        with (
            web_server("web", directory, **limits) as (url, _pid),
            httpx.Client(base_url=url, headers=headers) as client,
        ):
            works = _works(client)
            spent: dict[str, list[float]] = {name: [] for name in works}
            for _ in range(WARM_UP + TURNS):
                for name, work in works.items():
                    spent[name].append(_milliseconds(work))
    p50 = {name: median(times[WARM_UP:]) for name, times in spent.items()}
    submit, *parts = p50.values()
    p50["the three together"] = sum(parts)
    sys.stdout.write(_table(p50))
    return 0 if submit <= MOST * sum(parts) else 1


def _works(client: httpx.Client) -> dict[str, Callable[[], Any]]:
    from workers.messaging.publish import celery_app, message_of
    from workers.models import TaskRun

    def submit() -> None:
        if (answer := client.post("/v1/tasks", json=TASK)).status_code != 202:
            raise RuntimeError(f"refused: {answer.status_code} {answer.text:.300}")

    submit()
    run = TaskRun.objects.get()
    app = celery_app()
    message = message_of(run)
    task = app.tasks[message.pop("name")]

    def insert() -> None:
        run.pk = uuid.uuid4()
        run.save(force_insert=True)

    return {
        "POST /v1/tasks": submit,
        "an authenticated call that does nothing else": lambda: client.get("/v1/auth/me"),
        "INSERT of the row": insert,
        "apply_async of the message": lambda: task.apply_async(**message),
    }


def _milliseconds(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def _table(p50: dict[str, float]) -> str:
    whole = p50["the three together"]
    lines = [f"{'':46}{'p50 ms':>8}{'ratio':>8}"]
    lines += [f"{name:46}{each:8.2f}{each / whole:7.2f}x" for name, each in p50.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
