"""One web process under 0.5, 1, 2 and 5 times the load that it bears: POST of tasks, then GET.

    .venv/bin/python -m benchmarks.overload [seconds of a step] [post|get]

First the capacity: clients that make one call after the other. Then calls come at a fixed rate,
whatever becomes of those before, while an operator asks for ``/healthz`` and the login page; and
the capacity again, as machines change. Promised at every step: what is accepted is answered within
2 s at p99; what is not is 503 with ``Retry-After``; beyond the capacity the throughput is at least
0.95 of it (before and after, in the mean), and the operator is never refused. Exits with 1 where it
is not. No worker runs. Server, database and this program share the processors.
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
from urllib.parse import urlsplit

from benchmarks.api_load import UNLIMITED, user_tokens
from benchmarks.printing import quantile, say, verdict
from benchmarks.processes import TASK_TYPE, web_server
from benchmarks.services import services

CLIENTS, SECONDS, FACTORS = 16, 8.0, (0.5, 1.0, 2.0, 5.0)
ACCEPTED_SECONDS, LEAST_THROUGHPUT = 2.0, 0.95
OPERATOR_SECONDS = 0.5
#: Until those who wait are as many as they will be.
FILL_SECONDS = 1.5
TIMEOUT_SECONDS = 30.0
BODY = f'{{"task_type": "{TASK_TYPE}", "payload": {{"prompt": "Say hello."}}}}'


@dataclass(kw_only=True)
class Step:
    """Seconds of what was accepted and of what was refused; and how often anything else came."""

    seconds: float
    begun: float = field(default_factory=time.perf_counter)
    accepted: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    #: Accepted, and answered while calls come at the full rate.
    counted: int = 0

    @property
    def rate(self) -> float:
        return self.counted / (self.seconds - FILL_SECONDS)

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
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

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
        is_kept = bool(self._idle)
        reader, writer = self._idle.pop() if is_kept else await self._open()
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
            self._idle.append((reader, writer))
        return int(head.split(b" ", 2)[1]), head

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self._host, self._port)


def main() -> int:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    kinds = sys.argv[2:] or ["post", "get"]
    with services() as directory:
        tokens, is_good = user_tokens(), True
        for kind in kinds:
            requests = [_request(kind, token) for token in tokens]
            with web_server(f"web-{kind}", directory, **UNLIMITED) as (url, _pid):
                os.nice(5 - os.nice(0))  # a call that comes late is no load
                is_good &= asyncio.run(_measure(kind, Server(url), requests, seconds))
    return 0 if is_good else 1


def _request(kind: str, token: str) -> bytes:
    body = BODY if kind == "post" else ""
    path = "POST /v1/tasks" if kind == "post" else "GET /v1/tasks"
    lines = [f"{path} HTTP/1.1", "Host: localhost", f"Authorization: Token {token}"]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + f"\r\n\r\n{body}").encode()


async def _measure(kind: str, server: Server, requests: list[bytes], seconds: float) -> bool:
    await _closed(server, requests, seconds / 2)  # code is loaded and connections are made
    capacities, steps, operators = [await _closed(server, requests, seconds)], [], Step(seconds=1)
    for factor in FACTORS:
        with _operator(server, operators):
            steps.append(await _open(server, requests, seconds, factor * capacities[-1].rate))
        await asyncio.sleep(1)
        capacities.append(await _closed(server, requests, seconds))
        say(f"{kind} {factor:>3} of {capacities[-2].rate:3.0f}/s: {_line(steps[-1])}")
    say(f"{kind} operator: p99 {quantile(operators.accepted, 0.99):.2f} s")
    shares = [
        step.rate / statistics.mean((before.rate, after.rate))
        for factor, step, before, after in zip(
            FACTORS, steps, capacities, capacities[1:], strict=False
        )
        if factor > 1
    ]
    told = ", ".join(f"{share:.2f}" for share in shares)
    late = max(quantile(step.accepted, 0.99) for step in steps)
    return all(
        [
            verdict(f"p99 of what is accepted: {late:.2f} s", late < ACCEPTED_SECONDS),
            verdict(f"throughput at overload: {told}", min(shares) >= LEAST_THROUGHPUT),
            verdict("no answer but these", not any(step.others for step in steps)),
            verdict("the operator is answered", not (operators.refused or operators.others)),
        ]
    )


async def _closed(server: Server, requests: list[bytes], seconds: float) -> Step:
    """Each client makes one call after the other."""
    step, end = Step(seconds=seconds), time.monotonic() + seconds

    async def client(number: int) -> None:
        while time.monotonic() < end:
            await server.call(requests[number % len(requests)], step)

    await asyncio.gather(*map(client, range(CLIENTS)))
    return step


async def _open(server: Server, requests: list[bytes], seconds: float, rate: float) -> Step:
    """Calls at this rate, whatever becomes of those before."""
    step, begun = Step(seconds=seconds), time.monotonic()
    async with asyncio.TaskGroup() as group:
        for number in range(int(rate * seconds)):
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


def _line(step: Step) -> str:
    median, late = (quantile(step.accepted, share) for share in (0.5, 0.99))
    line = f"{step.rate:6.1f}/s accepted (p50 {median:.2f} s, p99 {late:.2f} s)"
    if step.refused:
        line += f", {len(step.refused)} refused (p50 {quantile(step.refused, 0.5):.2f} s)"
    return line + (f", {dict(step.others)}" if step.others else "")


if __name__ == "__main__":
    sys.exit(main())
