"""One web process under 0.5, 1, 2 and 5 times the load that it bears: POST of tasks, then GET.

    .venv/bin/python -m benchmarks.overload [rounds] [post|get]

A step measures the capacity (clients that make one call after the other), or sends calls at a fixed
rate, whatever becomes of those before. An operator asks for ``/healthz`` and the login page.
A machine's speed may change by half within a minute: steps are short, one of the capacity stands
before and after each load, and the rounds are added up. Promised at every load: what is accepted is
answered within 2 s at p99; other calls get 503 with ``Retry-After``; beyond the capacity the
throughput is at least 0.95 of it, and the operator is never refused. Exits with 1 where it is not.
No worker runs. Server, database and this program share the processors.
"""

import asyncio
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from benchmarks.api_load import UNLIMITED, user_tokens
from benchmarks.printing import quantile, say, verdict
from benchmarks.processes import TASK_TYPE, web_server
from benchmarks.services import services

CLIENTS, ROUNDS, FACTORS = 16, 10, (0.5, 1.0, 2.0, 5.0)
STEP_SECONDS = 4.0
ACCEPTED_SECONDS, LEAST_THROUGHPUT = 2.0, 0.95
OPERATOR_SECONDS = 0.5
#: Until those who wait are as many as they will be.
FILL_SECONDS = 1.5
TIMEOUT_SECONDS = 30.0
#: The server closes a connection that is idle for 75 s.
KEPT_SECONDS = 60.0
BODY = f'{{"task_type": "{TASK_TYPE}", "payload": {{"prompt": "Say hello."}}}}'


@dataclass(kw_only=True)
class Step:
    """Seconds of what was accepted and of what was refused; and how often anything else came."""

    seconds: float = STEP_SECONDS
    begun: float = field(default_factory=time.perf_counter)
    accepted: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    #: Accepted, and answered while calls come at the full rate.
    counted: int = 0

    @property
    def rate(self) -> float:
        return self.counted / (self.seconds - FILL_SECONDS)

    def __iadd__(self, other: "Step") -> Self:
        self.accepted += other.accepted
        self.refused += other.refused
        self.others += other.others
        return self

    def add(self, status: int, head: bytes, spent: float) -> None:
        if 200 <= status < 300:
            self.accepted.append(spent)
            at = time.perf_counter() - self.begun
            self.counted += FILL_SECONDS < at <= self.seconds
        elif status == 503 and b"\r\nretry-after:" in head.lower():
            self.refused.append(spent)
        else:
            self.others[str(status)] += 1


class Server:
    """HTTP/1.1 over connections that are kept: httpx would take as long as the server."""

    def __init__(self, url: str) -> None:
        place = urlsplit(url)
        self._host, self._port = place.hostname, place.port
        self._idle: list[tuple[float, asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def call(self, request: bytes, step: Step) -> None:
        started = time.perf_counter()
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                status, head = await self._call(request)
        except (OSError, EOFError, TimeoutError) as error:
            step.others[type(error).__name__] += 1
            return
        step.add(status, head, time.perf_counter() - started)

    async def _call(self, request: bytes) -> tuple[int, bytes]:
        reader, writer = await self._connection()
        try:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            _, _, rest = head.lower().partition(b"content-length:")
            await reader.readexactly(int(rest.partition(b"\r\n")[0] or 0))
        except BaseException:
            writer.close()
            raise
        if b"connection: close" in head.lower():
            writer.close()
        else:
            self._idle.append((time.monotonic(), reader, writer))
        return int(head.split(b" ", 2)[1]), head

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._idle:
            since, reader, writer = self._idle.pop()
            if time.monotonic() - since < KEPT_SECONDS:
                return reader, writer
            writer.close()
        return await asyncio.open_connection(self._host, self._port)


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    kinds = sys.argv[2:] or ["post", "get"]
    with services() as directory:
        tokens, is_good = user_tokens(), True
        for kind in kinds:
            requests = [_request(kind, token) for token in tokens]
            with web_server(f"web-{kind}", directory, **UNLIMITED) as (url, _pid):
                os.nice(5 - os.nice(0))  # a call that comes late is no load
                is_good &= asyncio.run(_measure(kind, Server(url), requests, rounds))
    return 0 if is_good else 1


def _request(kind: str, token: str) -> bytes:
    body = BODY if kind == "post" else ""
    path = "POST /v1/tasks" if kind == "post" else "GET /v1/tasks"
    lines = [f"{path} HTTP/1.1", "Host: localhost", f"Authorization: Token {token}"]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + f"\r\n\r\n{body}").encode()


@dataclass(kw_only=True)
class Load:
    """What became of one multiple of the capacity in all rounds."""

    factor: float
    calls: Step = field(default_factory=Step)
    #: Accepted a second: under the load, and as much as is possible before and after it.
    rates: list[float] = field(default_factory=list)
    most: list[float] = field(default_factory=list)

    @property
    def share(self) -> float:
        return sum(self.rates) / sum(self.most)

    def __str__(self) -> str:
        calls, (rate, most) = self.calls, map(statistics.mean, (self.rates, self.most))
        median, late = (quantile(calls.accepted, share) for share in (0.5, 0.99))
        line = f"{self.factor:>3} of {most:4.0f}/s: {rate:5.1f}/s accepted"
        line += f" (p50 {median:.2f} s, p99 {late:.2f} s)"
        if calls.refused:
            line += f", {len(calls.refused)} refused (p50 {quantile(calls.refused, 0.5):.3f} s)"
        return line + (f", {dict(calls.others)}" if calls.others else "")


async def _measure(kind: str, server: Server, requests: list[bytes], rounds: int) -> bool:
    loads, operators = [Load(factor=factor) for factor in FACTORS], Step()
    await _closed(server, requests)  # code is loaded and connections are made
    with _operator(server, operators):
        most = (await _closed(server, requests)).rate
        for load in loads * rounds:
            step = await _open(server, requests, load.factor * most)
            await asyncio.sleep(1)
            before, most = most, (await _closed(server, requests)).rate
            load.calls += step
            load.rates.append(step.rate)
            load.most.append(statistics.mean((before, most)))
    for load in loads:
        say(f"{kind} {load}")
    say(f"{kind} operator: p99 {quantile(operators.accepted, 0.99):.2f} s")
    shares = [load.share for load in loads if load.factor > 1]
    listed = ", ".join(f"{share:.2f}" for share in shares)
    late = max(quantile(load.calls.accepted, 0.99) for load in loads)
    return all(
        [
            verdict(f"p99 of what is accepted: {late:.2f} s", late < ACCEPTED_SECONDS),
            verdict(f"throughput at overload: {listed}", min(shares) >= LEAST_THROUGHPUT),
            verdict("no answer but these", not any(load.calls.others for load in loads)),
            verdict("the operator is answered", not (operators.refused or operators.others)),
        ]
    )


async def _closed(server: Server, requests: list[bytes]) -> Step:
    """Each client makes one call after the other."""
    step, end = Step(), time.monotonic() + STEP_SECONDS

    async def client(number: int) -> None:
        while time.monotonic() < end:
            await server.call(requests[number % len(requests)], step)

    await asyncio.gather(*map(client, range(CLIENTS)))
    return step


async def _open(server: Server, requests: list[bytes], rate: float) -> Step:
    """Calls at this rate, whatever becomes of those before."""
    step, begun = Step(), time.monotonic()
    async with asyncio.TaskGroup() as group:
        for number in range(int(rate * STEP_SECONDS)):
            await asyncio.sleep(max(0, begun + number / rate - time.monotonic()))
            group.create_task(server.call(requests[number % len(requests)], step))
    return step


@contextmanager
def _operator(server: Server, step: Step) -> Iterator[None]:
    async def look() -> None:
        while True:
            for path in ("/healthz", "/login/"):
                request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"
                await server.call(request.encode(), step)
            await asyncio.sleep(OPERATOR_SECONDS)

    looking = asyncio.create_task(look())
    try:
        yield
    finally:
        with suppress(asyncio.CancelledError):
            looking.cancel()


if __name__ == "__main__":
    sys.exit(main())
