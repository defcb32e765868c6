"""1,000 tasks in one call, beside 1,000 calls: over HTTP, to a web server of its own.

    .venv/bin/python -m benchmarks.batch

Single calls come one after the other over one kept connection, and from eight at once; the batch is
compared with whichever is faster. Promised: at least 5 times faster. Exits with 1 where it is not.
"""

import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from benchmarks.processes import PAYLOAD, TASK_TYPE, web_server
from benchmarks.services import services

TASKS = 1000
AT_ONCE = 8
ROUNDS = 3
LEAST_RATIO = 5
UNLIMITED = {"API_RATE_SUBMIT": "1000000/min", "API_MAX_ACTIVE_RUNS": "0"}
TASK = {"task_type": TASK_TYPE, "payload": PAYLOAD}


def main() -> int:
    with services() as directory, _client(directory) as client:
        works = {
            f"{TASKS:,} calls, one after the other": _one_by_one,
            f"{TASKS:,} calls, {AT_ONCE} at once": _at_once,
            f"one call with {TASKS:,} tasks": _batch,
        }
        seconds = dict.fromkeys(works, 0.0)
        for _ in range(ROUNDS):
            for name, work in works.items():
                seconds[name] += _measured(work, client) / ROUNDS
    sys.stdout.write(_table(seconds))
    *alone, together = seconds.values()
    return 0 if min(alone) >= LEAST_RATIO * together else 1


@contextmanager
def _client(directory: Path) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Token {token()}"}
    with (
        web_server("web", directory, **UNLIMITED) as (url, _pid),
        httpx.Client(base_url=url, headers=headers, timeout=60) as client,
    ):
        yield client


def _measured(work: Callable[[httpx.Client], None], client: httpx.Client) -> float:
    """Seconds until the last answer; publishing what was answered before is waited for first."""
    _await_published()
    started = time.perf_counter()
    work(client)
    return time.perf_counter() - started


def _one_by_one(client: httpx.Client) -> None:
    for _ in range(TASKS):
        _post(client)


def _at_once(client: httpx.Client) -> None:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for _ in threads.map(_post, [client] * TASKS):
            pass


def _batch(client: httpx.Client) -> None:
    answer = client.post("/v1/tasks/batch", json={"tasks": [TASK] * TASKS})
    if answer.status_code != 202 or any("error" in each for each in answer.json()["tasks"]):
        raise RuntimeError(f"refused: {answer.status_code} {answer.text:.300}")


def _post(client: httpx.Client) -> None:
    answer = client.post("/v1/tasks", json=TASK)
    if answer.status_code != 202:
        raise RuntimeError(f"refused: {answer.status_code} {answer.text:.300}")


def _await_published() -> None:
    from workers.models import TaskRun

    while TaskRun.objects.filter(status="pending").exists():
        time.sleep(0.05)


def token() -> str:
    from django.contrib.auth import get_user_model
    from knox.models import AuthToken

    user: Any = get_user_model().objects.create_user("benchmark")
    return str(AuthToken.objects.create(user)[1])


def _table(seconds: dict[str, float]) -> str:
    slowest = max(seconds.values())
    lines = [f"{f'{TASKS:,} tasks':36}{'seconds':>9}{'ratio':>8}"]
    lines += [f"{name:36}{spent:9.2f}{slowest / spent:7.1f}x" for name, spent in seconds.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
