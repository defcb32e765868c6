"""One subscription for all watched runs of a process, and one connection that reads their streams.

While Redis is away both are tried again every second; a connection that was lost may have lost
messages, so after it everything is read anew, which repeats nothing (`workers.streaming.entries`).
"""

import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import redis.asyncio
from django.conf import settings
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from workers.streaming import keys
from workers.streaming.entries import Entry

TIMEOUT_SECONDS = 2.0
#: A subscription that is silent for so long is asked whether it lives.
SILENCE_SECONDS = 5.0
#: So many entries of one stream are read at once.
BATCH = 500

Entries = list[tuple[bytes, Entry]]


class Listening:
    """The connections to Redis, while they stand. Raises ``FAILURES`` where they do not."""

    def __init__(self, client: "redis.asyncio.Redis", subscription: Any) -> None:
        self._client, self._subscription = client, subscription

    async def changes(self) -> AsyncIterator[tuple[set[uuid.UUID], set[uuid.UUID]]]:
        """The runs of each message: those whose row is another one, and those that have words."""
        is_asked = False
        while True:
            message = await self._subscription.get_message(timeout=SILENCE_SECONDS)
            if message is None:
                if is_asked:
                    raise redis.TimeoutError("the subscription is silent")
                await self._subscription.ping()
            is_asked = message is None
            if message is not None and message["type"] == "message":
                yield _parsed(message["data"])

    async def read(self, positions: Mapping[uuid.UUID, bytes]) -> dict[uuid.UUID, Entries]:
        """What stands in the streams behind these positions, a batch of each."""
        async with self._client.pipeline(transaction=False) as pipeline:
            for run_id, position in positions.items():
                key = keys.stream_key(run_id)
                pipeline.execute_command("XRANGE", key, b"(" + position, "+", "COUNT", BATCH)
            found: Sequence[Entries] = await pipeline.execute()
        return dict(zip(positions, found, strict=True))


@asynccontextmanager
async def listening() -> AsyncIterator[Listening]:
    """Connected to ``REDIS_URL`` while the block runs. Raises ``FAILURES``."""
    client = redis.asyncio.Redis.from_url(
        settings.REDIS_URL,
        protocol=2,
        retry=Retry(NoBackoff(), 0),
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
    )
    subscription = client.pubsub()
    try:
        await subscription.subscribe(keys.channel())
        # Its answer: from here on no message is missed.
        if await subscription.get_message(timeout=TIMEOUT_SECONDS) is None:
            raise redis.TimeoutError("no answer to SUBSCRIBE")
        yield Listening(client, subscription)
    finally:
        for connected in (subscription, client):
            await connected.aclose()


def _parsed(data: bytes) -> tuple[set[uuid.UUID], set[uuid.UUID]]:
    changed, spoken = set[uuid.UUID](), set[uuid.UUID]()
    for word in data.decode("ascii", "replace").split():
        name = word.removeprefix(keys.CHANGED)
        try:
            (changed if name != word else spoken).add(uuid.UUID(hex=name))
        except ValueError:
            # Anyone may write there.
            continue
    return changed, spoken
