"""Keys of event streams in Redis: one capped stream for each run, and one channel.

An entry of the stream has the fields ``take`` (`Take`) and either ``begun``, the attempt as JSON,
or ``text`` with ``at``: how many characters of the attempt come before it. Who knows that can take
an entry twice, or miss one and see it. The channel carries the hexadecimal ids of runs, separated
by a space: those with ``!`` before them have a changed row, the others have something to read.
"""

import uuid

from llmconfig.cache.redis_keys import redis_key

NAME = "events:"
CHANGED = "!"
#: Of an attempt that takes as long as it may, 300 s, nothing is cut off.
MOST_ENTRIES = 20_000
#: How long a stream outlives its last beginning, and its end.
LIFETIME_SECONDS = 3600
ENDED_LIFETIME_SECONDS = 300


def stream_key(run_id: uuid.UUID) -> str:
    """Where the words of a run stand."""
    return redis_key(NAME + run_id.hex)


def channel() -> str:
    """Where changes are published."""
    return redis_key(NAME + "changes")
