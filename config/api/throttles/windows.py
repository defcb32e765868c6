"""Counts calls in a sliding window: never more than the limit in any period, however it is cut.

The moments of a bucket's newest calls, as many as its limit, are kept: a call is admitted when the
oldest of them has left the window. That is exact, where fixed windows admit twice the limit around
their border, and so do buckets that refill (GCRA) after a pause. A call costs the same whatever the
limit. What was refused does not count.
"""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import redis

from config.api.throttles.rates import Rate
from llmconfig.cache import server
from llmconfig.cache.redis_keys import redis_key

#: Names are kept apart from the configuration cache's by this word.
NAME = "rate"

# Keys: a list of moments per bucket, in microseconds by the server's clock, newest last. Arguments:
# limit and period in microseconds, per bucket. Answers 0 and counts the call in all buckets, or
# after how many microseconds the fullest has room. A clock that was set back makes nobody wait
# longer than a period.
_ADMIT = """
local time = redis.call('TIME')
local now, wait = time[1] * 1000000 + time[2], 0
for i, key in ipairs(KEYS) do
  local limit, period = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local held = redis.call('LLEN', key)
  if held >= limit then
    local oldest = tonumber(redis.call('LINDEX', key, held - limit))
    wait = math.max(wait, math.min(oldest + period - now, period))
  end
end
if wait > 0 then return string.format('%.0f', wait) end
for i, key in ipairs(KEYS) do
  redis.call('RPUSH', key, string.format('%.0f', now))
  redis.call('LTRIM', key, -ARGV[2 * i - 1], -1)
  redis.call('PEXPIRE', key, ARGV[2 * i] / 1000)
end
return '0'
"""


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is counted together, and how often it may happen."""

    name: str
    rate: Rate


class Window(Protocol):
    def admit(self, buckets: Sequence[Bucket]) -> float:
        """0 where every bucket has room, and the call counts in each; else the seconds until
        they have, and it counts in none."""


class RedisWindow:
    """Of all processes together: one round trip. Raises ``server.Unavailable``."""

    def __init__(self, namespace: str) -> None:
        self._prefix = redis_key(f"{NAME}:{namespace}:")

    def admit(self, buckets: Sequence[Bucket]) -> float:
        keys = [self._prefix + bucket.name for bucket in buckets]
        limits = [
            number
            for bucket in buckets
            for number in (bucket.rate.limit, bucket.rate.period_seconds * 1_000_000)
        ]
        wait = server.current().ask(lambda wire: _admit(wire, keys, limits))
        if wait is None:
            raise server.Unavailable
        return wait / 1_000_000


def _admit(wire: server.Wire, keys: list[str], limits: list[int]) -> int | None:
    try:
        return int(wire.call("EVAL", _ADMIT, len(keys), *keys, *limits))
    except redis.ResponseError:
        # A server that is full still answers others: that is no outage.
        return None


class ProcessWindow:
    """Of this process alone; of more than ``MAX_BUCKETS`` the longest unused are forgotten."""

    MAX_BUCKETS = 10_000

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._calls: OrderedDict[str, deque[float]] = OrderedDict()

    def admit(self, buckets: Sequence[Bucket]) -> float:
        with self._lock:
            now = self._clock()
            wait = max(self._wait(bucket, now) for bucket in buckets)
            if wait > 0:
                return wait
            for bucket in buckets:
                self._count(bucket, now)
            return 0

    def _wait(self, bucket: Bucket, now: float) -> float:
        calls = self._calls.get(bucket.name, ())
        held = len(calls)
        if held < bucket.rate.limit:
            return 0
        return max(0, calls[held - bucket.rate.limit] + bucket.rate.period_seconds - now)

    def _count(self, bucket: Bucket, now: float) -> None:
        calls = self._calls.setdefault(bucket.name, deque())
        self._calls.move_to_end(bucket.name)
        calls.append(now)
        while len(calls) > bucket.rate.limit:
            calls.popleft()
        while len(self._calls) > self.MAX_BUCKETS:
            self._calls.popitem(last=False)
