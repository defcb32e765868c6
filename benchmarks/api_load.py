"""200 clients at once, who make mixed calls for a minute, then some while the broker is away.

    .venv/bin/python -m benchmarks.api_load [seconds]

A web server and a worker as in the Procfile, PostgreSQL and Valkey, and a fake model server that
answers at once. Each client makes one call after the other, and comes again when it is refused with
503 and ``Retry-After``. Promised: no other answer is a 5xx and no call fails; the web process's
memory is flat after its first third (at most a tenth more); and what is submitted while the broker
is away is answered 202, and published afterwards. Exits with 1 where it is not. Clients and servers
share the processors: latencies are those of a machine that is full.
"""

import asyncio
import os
import random
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil

from benchmarks.printing import quantile, say, verdict
from benchmarks.processes import PAYLOAD, TASK_TYPE, web_server
from benchmarks.services import services
from config.env import PROJECT
from tests.proxy import Proxy
from workers.testing.fake_ollama import FakeOllama

CLIENTS, USERS, SECONDS, WARM_UP_SECONDS = 200, 20, 60, 10
AWAY_CALLS = 40
PUBLISHED_SECONDS = 60
GROWTH = 1.1
MODEL = "load:1b"
WORKER = "-A config worker -P threads -c 8 -Q llm.text_generation -n load@%h -l WARNING"
UNLIMITED = {
    **{f"API_RATE_{name}": "1000000/s" for name in ("READ", "CONFIG_WRITE", "SUBMIT", "LOGIN")},
    "API_MAX_ACTIVE_RUNS": "0",
}
TASK = {"task_type": TASK_TYPE, "payload": PAYLOAD}
PREVIEW = f"/v1/llm/config/preview?task_type={TASK_TYPE}"
MEGABYTE = 2**20
#: A 503 with Retry-After, which the client honours.
REFUSED = "refused"


@dataclass
class Tally:
    """What came back: by call, the milliseconds; by call and status, how often."""

    milliseconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    statuses: Counter[tuple[str, str]] = field(default_factory=Counter)

    def bad(self) -> int:
        good = {status for _, status in self.statuses if status[0] in "24"} | {REFUSED}
        return sum(count for (_, status), count in self.statuses.items() if status not in good)


class Caller:
    """One client: its user's token, and the tasks it has submitted."""

    def __init__(self, http: httpx.AsyncClient, token: str, tally: Tally) -> None:
        self._http, self._tally = http, tally
        self._headers = {"Authorization": f"Token {token}"}
        self._tasks: list[str] = []

    async def call_until(self, end: float) -> None:
        calls = [call for call, weight in self._mix() for _ in range(weight)]
        while time.monotonic() < end:
            await random.choice(calls)()  # noqa: S311  (nothing secret)

    def _mix(self) -> list[tuple[Callable[[], Awaitable[None]], int]]:
        return [
            (self.submit, 6),
            (self._task("read", ""), 6),
            (self._task("result", "/result"), 2),
            (self._task("events", "/events?wait=2"), 2),
            (self._get("list", "/v1/tasks"), 3),
            (self._get("get config", "/v1/users/llm-config"), 2),
            (self._get("preview", PREVIEW), 2),
            (self._get("status", "/v1/status"), 1),
            (self._put, 1),
            (self._batch, 1),
        ]

    async def submit(self) -> None:
        if answer := await self._ask("submit", "POST", "/v1/tasks", json=TASK):
            self._tasks = [*self._tasks[-9:], answer.json().get("status_url", "/v1/tasks")]

    def _task(self, name: str, rest: str) -> Callable[[], Awaitable[None]]:
        async def call() -> None:
            if self._tasks:
                url = random.choice(self._tasks)  # noqa: S311  (nothing secret)
                await self._ask(name, "GET", url + rest)

        return call

    def _get(self, name: str, url: str) -> Callable[[], Awaitable[None]]:
        async def call() -> None:
            await self._ask(name, "GET", url)

        return call

    async def _put(self) -> None:
        body = {"max_retries": random.randrange(5)}  # noqa: S311  (nothing secret)
        await self._ask("put config", "PUT", "/v1/users/llm-config", json=body)

    async def _batch(self) -> None:
        await self._ask("batch of 5", "POST", "/v1/tasks/batch", json={"tasks": [TASK] * 5})

    async def _ask(self, name: str, method: str, url: str, **more: Any) -> httpx.Response | None:
        started = time.perf_counter()
        try:
            answer = await self._http.request(method, url, headers=self._headers, **more)
        except httpx.HTTPError as error:
            self._tally.statuses[name, type(error).__name__] += 1
            return None
        if answer.status_code == 503 and (again := answer.headers.get("retry-after")):
            self._tally.statuses[name, REFUSED] += 1
            await asyncio.sleep(float(again))
            return await self._ask(name, method, url, **more)
        self._tally.milliseconds[name].append((time.perf_counter() - started) * 1000)
        self._tally.statuses[name, str(answer.status_code)] += 1
        return answer


def main() -> int:
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    with services() as directory, FakeOllama(resident=[MODEL]) as fake:
        (directory / "llm.yaml").write_text(f'default: {{model: "{MODEL}"}}\n')
        redis = urlsplit(os.environ["REDIS_URL"])
        with Proxy((redis.hostname, redis.port)) as broker:
            os.environ["OLLAMA_HOST"] = fake.host
            os.environ["CELERY_BROKER_URL"] = f"redis://127.0.0.1:{broker.port}/0"
            tokens = user_tokens()
            with _worker(directory), web_server("web", directory, **UNLIMITED) as (url, pid):
                good = asyncio.run(_measure(url, tokens, pid, seconds, broker))
                log = (directory / "web.log").read_text()
    say("".join(f"web: {line}\n" for line in log.splitlines() if " ERROR " in line)[:2000])
    return 0 if good else 1


async def _measure(url: str, tokens: list[str], pid: int, seconds: int, broker: Proxy) -> bool:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(base_url=url, limits=limits, timeout=60, trust_env=False) as http:
        tally = Tally()
        callers = [Caller(http, tokens[n % len(tokens)], tally) for n in range(CLIENTS)]
        # Code is loaded and connections are made meanwhile; the worker starts.
        warming = [Caller(http, token, Tally()) for token in tokens]
        end = time.monotonic() + WARM_UP_SECONDS
        await asyncio.gather(*(caller.call_until(end) for caller in warming))
        sizes = await _under_load(callers, pid, seconds)
        away = Tally()
        published = await _without_broker(Caller(http, tokens[0], away), broker)
    say(_table(tally, seconds))
    say("web process, MB: " + ", ".join(f"{size:.0f}" for size in sizes))
    statuses = {call: count for call, count in away.statuses.items() if call[1] != REFUSED}
    flat = sizes[-1] <= sizes[len(sizes) // 3] * GROWTH
    return all(
        [
            verdict(f"{tally.bad()} answers of 5xx or none at all", tally.bad() == 0),
            verdict("memory after the first third, flat", flat),
            verdict(
                f"{statuses} while the broker is away", statuses == {("submit", "202"): AWAY_CALLS}
            ),
            verdict("all runs published or worked on afterwards", published),
        ]
    )


async def _under_load(callers: list[Caller], pid: int, seconds: int) -> list[float]:
    """The web process's megabytes: at the start, at ten moments, at the end."""
    process, sizes = psutil.Process(pid), []
    end = time.monotonic() + seconds
    async with asyncio.TaskGroup() as group:
        for caller in callers:
            group.create_task(caller.call_until(end))
        for _ in range(11):
            sizes.append(process.memory_info().rss / MEGABYTE)
            await asyncio.sleep(max(0, min(seconds / 10, end - time.monotonic())))
    return [*sizes, process.memory_info().rss / MEGABYTE]


async def _without_broker(caller: Caller, broker: Proxy) -> bool:
    broker.cut()
    await asyncio.gather(*(caller.submit() for _ in range(AWAY_CALLS)))
    broker.mend()
    until = time.monotonic() + PUBLISHED_SECONDS
    while pending := await asyncio.to_thread(_pending):
        if time.monotonic() > until:
            say(f"{pending} runs are still not published")
            return False
        await asyncio.sleep(0.2)
    return True


def _pending() -> int:
    from django.db import connection

    from workers.models import TaskRun

    try:
        return TaskRun.objects.filter(status="pending").count()
    finally:
        connection.close()


def user_tokens() -> list[str]:
    from django.contrib.auth import get_user_model

    from config.api.accounts.tokens import token_issue

    users = [get_user_model().objects.create_user(f"user-{n}") for n in range(USERS)]
    return [str(token_issue(user=user)[1]) for user in users]


@contextmanager
def _worker(directory: Path) -> Iterator[None]:
    with (directory / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "celery", *WORKER.split()], cwd=PROJECT, stdout=log, stderr=log
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


def _table(tally: Tally, seconds: int) -> str:
    lines = [f"{'':14}{'calls':>8}{'/s':>8}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}  statuses"]
    together = [each for spent in tally.milliseconds.values() for each in spent]
    for name, spent in [*sorted(tally.milliseconds.items()), ("all", together)]:
        told = {
            status: count
            for (call, status), count in sorted(tally.statuses.items())
            if call == name
        }
        figures = "".join(f"{quantile(spent, share):9.0f}" for share in (0.5, 0.95, 0.99))
        lines.append(
            f"{name:14}{len(spent):8}{len(spent) / seconds:8.1f}{figures}  "
            + ", ".join(f"{status}: {count}" for status, count in told.items())
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
