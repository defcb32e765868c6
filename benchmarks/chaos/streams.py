"""Fifty generations at once in one worker: as fast as the bare client, and in how much memory.

Both read the same streams of the same fake, in turns: once 50 coroutines of the official client
with nothing around them, once 50 runs of a worker process with messages, claims, limits and rows.
The fake's log is the clock. Compared is the rate while all streams are under way; how long it takes
until they are is told beside it.
"""

import asyncio
import statistics
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ollama
import psutil

from benchmarks.chaos.runs import ask, ended
from benchmarks.chaos.stand import Stand, stand
from benchmarks.chaos.verdict import Verdict, say

STREAMS, TOKENS, SECONDS_BETWEEN = 50, 200, 0.04
ROUNDS = 3
LEAST_RATIO, MOST_MEGABYTES = 0.95, 2.0
BARE, OURS = "bare:3b", "ours:3b"
TEXT = "word " * TOKENS
STREAM = {
    "behaviour": "ok",
    "text": TEXT,
    "chunks": TOKENS,
    "delay": SECONDS_BETWEEN,
    "times": "always",
}
MEGABYTE = 2**20


@dataclass(frozen=True, kw_only=True)
class Round:
    """How the streams of one turn went."""

    #: Tokens a second: the sum over the streams, each in its own time.
    rate: float
    at_once: int
    #: Seconds from the first start to the last.
    spread: float

    def __str__(self) -> str:
        return f"{self.rate:.0f} tokens/s, all begun within {self.spread:.1f} s"


def main() -> int:
    verdict = Verdict("streams")
    with stand(
        workers={"worker": ["llm.text_generation"]},
        concurrency=STREAMS,
        config={"default": {"model": OURS, "deadline": "5m"}},
        script={"resident": [BARE, OURS], "script": {BARE: [STREAM], OURS: [STREAM]}},
    ) as the_stand:
        memory = {count: _ours(the_stand, count)[1] for count in (1, STREAMS // 2)}
        rounds = [(_bare(the_stand), _ours(the_stand, STREAMS)) for _ in range(ROUNDS)]
        memory[STREAMS] = rounds[-1][1][1]
    _judge_speed(verdict, [(bare, ours) for bare, (ours, _) in rounds])
    _judge_memory(verdict, memory)
    return verdict.end()


def _judge_speed(verdict: Verdict, rounds: list[tuple[Round, Round]]) -> None:
    for number, (bare, ours) in enumerate(rounds, start=1):
        say(f"      round {number}: bare {bare}; ours {ours}")
    least = min(one.at_once for both in rounds for one in both)
    verdict.check("streams under way at once", least, str(STREAMS), holds=least == STREAMS)
    ratio = statistics.median(ours.rate / bare.rate for bare, ours in rounds)
    verdict.check(
        f"throughput of {STREAMS} streams of {TOKENS} tokens, ours to the bare client",
        f"{ratio:.3f}",
        f"≥ {LEAST_RATIO}",
        holds=ratio >= LEAST_RATIO,
    )


def _judge_memory(verdict: Verdict, memory: dict[int, tuple[float, float]]) -> None:
    for count, (pss, rss) in memory.items():
        say(f"      {count} at once: PSS {pss:.0f} MB, RSS {rss:.0f} MB")
    for kind, name in enumerate(("PSS", "RSS")):
        more = (memory[STREAMS][kind] - memory[1][kind]) / (STREAMS - 1)
        verdict.at_most(f"memory of one more generation ({name})", more, MOST_MEGABYTES, "MB")


def _bare(the_stand: Stand) -> Round:
    async def one(client: ollama.AsyncClient) -> None:
        message = [{"role": "user", "content": "Why is the sky blue?"}]
        async for _part in await client.chat(BARE, message, stream=True):
            pass

    async def all_of_them() -> None:
        client = ollama.AsyncClient(the_stand.fake.host)
        await asyncio.gather(*(one(client) for _ in range(STREAMS)))
        await client.close()

    asyncio.run(all_of_them())
    return _round(the_stand, BARE)


def _ours(the_stand: Stand, count: int) -> tuple[Round, tuple[float, float]]:
    """So many runs at once, and the worker's PSS and RSS while they are under way."""
    asked = [ask(OURS) for _ in range(count)]
    time.sleep(TOKENS * SECONDS_BETWEEN * 0.75)
    [pid] = the_stand.pids("worker")
    found = psutil.Process(pid).memory_full_info()
    _require_all(ended(asked, seconds=60))
    return _round(the_stand, OURS, count), (found.pss / MEGABYTE, found.rss / MEGABYTE)


def _round(the_stand: Stand, model: str, count: int = STREAMS) -> Round:
    """What the fake saw of the last streams of a model."""
    chats = the_stand.fake.chats(model)[-count:]
    begun = [datetime.fromisoformat(chat["at"]).timestamp() for chat in chats]
    over = [begin + chat["seconds"] for begin, chat in zip(begun, chats, strict=True)]
    return Round(
        rate=sum(chat["tokens_sent"] / chat["seconds"] for chat in chats),
        at_once=sum(begin < min(over) for begin in begun),
        spread=max(begun) - min(begun),
    )


def _require_all(runs: dict[Any, Any]) -> None:
    wrong = [run for run in runs.values() if run.result != {"content": TEXT.strip()}]
    if wrong:
        raise RuntimeError(f"{len(wrong)} runs were not answered whole: {wrong[0].error}")


if __name__ == "__main__":
    sys.exit(main())
