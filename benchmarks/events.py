"""How soon a client of an event stream has what a model says, and what an open stream costs.

    .venv/bin/python -m benchmarks.events

A fake model says the time, again and again; who reads it looks how old it is: once the official
client, from the model server directly, and once a client of the API, by way of worker, Redis and
web process. So the way from the model server to the worker is in all figures. Then the same again
while 500 other streams are open on the same web process, each of a run of its own.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import ollama
import psutil
import psycopg

from benchmarks.printing import quantile, say, verdict
from benchmarks.processes import PAYLOAD, TASK_TYPE, web_server
from benchmarks.services import services
from config.env import PROJECT
from workers.testing.behaviours import Behaviour
from workers.testing.fake_ollama import FakeOllama
from workers.testing.reply import Reply
from workers.testing.script import always

STREAMS, OPENED_AT_ONCE = 500, 4
RUNS, AT_ONCE, TOKENS, SECONDS_BETWEEN = 60, 4, 25, 0.04
#: As a model reads the prompt before it writes.
READING_SECONDS = 0.2
MOST_MS = 50.0
MODEL = "clock:1b"
WORKER = "-A config worker -P threads -c 8 -Q llm.text_generation -n events@%h -l WARNING"
WEB = "benchmark-web"
MEGABYTE = 2**20


@dataclass(frozen=True)
class Clock(Behaviour):
    """Says what time it is."""

    async def answer(self, reply: Reply) -> None:
        await asyncio.sleep(READING_SECONDS)
        for _ in range(TOKENS):
            await reply.token(f"{time.monotonic():.6f} ")
            await asyncio.sleep(SECONDS_BETWEEN)
        await reply.done()


@dataclass
class Ages:
    """How old words were when they came, in milliseconds."""

    first: list[float] = field(default_factory=list)
    later: list[float] = field(default_factory=list)

    def take(self, words: str, *, is_first: bool) -> None:
        # One process clock for all of the machine. Of a piece the oldest word counts.
        age = (time.monotonic() - float(words.split()[0])) * 1000
        (self.first if is_first else self.later).append(age)


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What the web process holds."""

    megabytes: float
    threads: int
    connections: int


def main() -> int:
    with services() as directory, FakeOllama(resident=[MODEL]) as fake:
        fake.script(MODEL, [always(Clock())])
        (directory / "llm.yaml").write_text(f'default: {{model: "{MODEL}"}}\n')
        os.environ["OLLAMA_HOST"] = fake.host
        named = os.environ["DATABASE_URL"]
        separator = "&" if "?" in named else "?"
        named = f"{named}{separator}application_name={WEB}"
        headers = {"Authorization": f"Token {_token()}"}
        with _worker(directory), web_server("web", directory, DATABASE_URL=named) as (url, pid):
            return asyncio.run(_measure(url, headers, fake.host, lambda: _cost(pid)))


async def _measure(url: str, headers: dict[str, str], host: str, cost: Callable[[], Cost]) -> int:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    async with httpx.AsyncClient(
        base_url=url, headers=headers, limits=limits, timeout=120, trust_env=False
    ) as client:
        direct, alone, among = Ages(), Ages(), Ages()
        await _often(lambda: _through(client, Ages()), AT_ONCE)
        await _often(lambda: _directly(host, direct), RUNS)
        await _often(lambda: _through(client, alone), RUNS)
        before = cost()
        async with _bystanders(client):
            during = cost()
            await _often(lambda: _through(client, among), RUNS)
    say(f"{'':52}{'p50 ms':>8}{'p95 ms':>8}{'p99 ms':>8}")
    named = {
        "from the model server itself": direct,
        "from an event stream": alone,
        f"from an event stream, {STREAMS} others open": among,
    }
    for name, ages in named.items():
        say(_row(f"first token {name}", ages.first))
        say(_row(f"later tokens {name}", ages.later))
    each = (during.megabytes - before.megabytes) / STREAMS * 1024
    say(f"web process before:           {before}")
    say(f"web process, {STREAMS} streams open: {during}; {each:.0f} KB a stream")
    worst = max(quantile(ages.first, 0.5) for ages in (alone, among))
    text = f"first token, p50: {worst:.1f} ms (limit: {MOST_MS:.0f} ms)"
    return 0 if verdict(text, worst <= MOST_MS) else 1


async def _often(one: Callable[[], Awaitable[None]], count: int) -> None:
    turn = asyncio.Semaphore(AT_ONCE)

    async def in_turn() -> None:
        async with turn:
            await one()

    await asyncio.gather(*(in_turn() for _ in range(count)))


async def _directly(host: str, ages: Ages) -> None:
    client = ollama.AsyncClient(host)
    message = [{"role": "user", "content": "What time is it?"}]
    is_first = True
    async for part in await client.chat(MODEL, message, stream=True):
        if words := part.message.content:
            ages.take(words, is_first=is_first)
            is_first = False
    await client.close()


async def _through(client: httpx.AsyncClient, ages: Ages) -> None:
    url = await _ask(client)
    is_first = True
    async with client.stream("GET", f"{url}/events") as response:
        async for name, data in _events(response):
            if name == "text":
                ages.take(data["delta"], is_first=is_first)
                is_first = False


async def _ask(client: httpx.AsyncClient) -> str:
    answer = await client.post("/v1/tasks", json={"task_type": TASK_TYPE, "payload": PAYLOAD})
    return str(answer.raise_for_status().json()["status_url"])


async def _events(response: httpx.Response) -> AsyncGenerator[tuple[str, Any], None]:
    name = ""
    async for line in response.aiter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


@asynccontextmanager
async def _bystanders(client: httpx.AsyncClient) -> AsyncIterator[None]:
    """Streams of runs that nobody works on, each of another one, open while the block runs."""
    urls = await asyncio.to_thread(_waiting_runs)
    turn, leave, opened = asyncio.Semaphore(OPENED_AT_ONCE), asyncio.Event(), asyncio.Semaphore(0)

    async def one(url: str) -> None:
        async with turn:
            response = await client.send(client.build_request("GET", url), stream=True)
            # Kept: the stream is closed with what reads it.
            events = _events(response)
            await anext(events)
        opened.release()
        await leave.wait()
        await events.aclose()
        await response.aclose()

    async with asyncio.TaskGroup() as group:
        for url in urls:
            group.create_task(one(url))
        for _ in range(STREAMS):
            await opened.acquire()
        yield
        leave.set()


def _waiting_runs() -> list[str]:
    from datetime import timedelta

    from django.contrib.auth import get_user_model
    from django.db import connection
    from django.utils import timezone

    from workers.submission.enqueue import enqueue

    user = get_user_model().objects.get()
    later = timezone.now() + timedelta(hours=1)
    runs = [
        enqueue(task_type=TASK_TYPE, payload=PAYLOAD, user_id=user.pk, available_at=later)
        for _ in range(STREAMS)
    ]
    connection.close()
    return [f"/v1/tasks/{run.pk}/events" for run in runs]


def _token() -> str:
    from django.contrib.auth import get_user_model
    from knox.models import AuthToken

    user = get_user_model().objects.create_user("ada")
    return str(AuthToken.objects.create(user=user)[1])


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


def _cost(pid: int) -> Cost:
    process = psutil.Process(pid)
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"
        [held] = connection.execute(query, [WEB]).fetchone() or [0]
    return Cost(
        megabytes=round(process.memory_info().rss / MEGABYTE, 1),
        threads=process.num_threads(),
        connections=held,
    )


def _row(name: str, ages: list[float]) -> str:
    return f"{name:52}" + "".join(f"{quantile(ages, share):8.1f}" for share in (0.5, 0.95, 0.99))


if __name__ == "__main__":
    sys.exit(main())
