"""Follows all runs that are watched in this process: one subscription, one reader, one look at the
database for all of them. No matter how many watch, they hold no thread and no connection of theirs.

Redis says at once what is new. In case it does not, everything is looked at every few seconds: so
nobody waits for the end of a run that has ended.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncIterator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from django.db import connection

from llmconfig.database.faults import kind_of
from llmconfig.database.outages import outage_log
from workers.streaming.diff import Row
from workers.streaming.feeds import Feed
from workers.streaming.listening import BATCH, Listening, listening
from workers.streaming.redis_connection import FAILURES
from workers.streaming.rows import rows_look

logger = logging.getLogger(__name__)

#: How often all watched rows are looked at, while Redis tells of changes and while it does not.
LOOK_SECONDS, LOOK_ALONE_SECONDS = 5.0, 1.0
#: Changes that come within this time are looked at together.
TOGETHER_SECONDS = 0.02
AGAIN_SECONDS = 1.0
#: How long the subscription stays after the last watcher.
LINGER_SECONDS = 10.0


class Hub:
    """One per process, on the server's event loop and only on its thread."""

    def __init__(self) -> None:
        self._feeds: dict[uuid.UUID, Feed] = {}
        self._changed, self._spoken = _Waiting(), _Waiting()
        self._tasks: list[asyncio.Task[None]] = []
        self._ending: asyncio.TimerHandle | None = None
        self._executor: ThreadPoolExecutor | None = None
        self._is_away = False
        #: The server stops: nobody is to wait any longer.
        self.closing = False

    @asynccontextmanager
    async def watching(
        self, run_id: uuid.UUID, row: Row
    ) -> AsyncIterator[tuple[Feed, asyncio.Event]]:
        """The run's feed, and what is set when there may be news, while the block runs. ``row`` is
        how the run was a moment ago."""
        feed, news = self._feed(run_id, row), asyncio.Event()
        feed.watchers.add(news)
        try:
            yield feed, news
        finally:
            feed.watchers.discard(news)
            if not feed.watchers:
                del self._feeds[run_id]
            if not self._feeds:
                loop = asyncio.get_running_loop()
                self._ending = loop.call_later(LINGER_SECONDS, self._stop)

    def close(self) -> None:
        """Have everybody end."""
        self.closing = True
        for feed in self._feeds.values():
            feed.tell()

    def _feed(self, run_id: uuid.UUID, row: Row) -> Feed:
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None
        if not self._tasks:
            self._executor = ThreadPoolExecutor(1, thread_name_prefix="events-look")
            self._tasks = [asyncio.create_task(w) for w in (self._follow(), self._look_always())]
        feed = self._feeds.get(run_id)
        if feed is None:
            feed = self._feeds[run_id] = Feed(run_id, row)
            # The row may be another one by now, for nobody heard of it yet.
            self._changed.add([run_id])
            self._spoken.add([run_id])
            if self._is_away:
                feed.is_ready.set()
        return feed

    def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._tasks, self._ending = [], None
        if self._executor is not None:
            self._executor.shutdown(wait=False)

    async def _follow(self) -> None:
        """Keep connected to Redis."""
        while True:
            try:
                async with listening() as redis, asyncio.TaskGroup() as group:
                    self._begin_anew()
                    group.create_task(self._hear(redis))
                    group.create_task(self._read(redis))
            except* Exception as errors:
                self._leave_alone(errors.exceptions[0])
            await asyncio.sleep(AGAIN_SECONDS)

    async def _hear(self, redis: Listening) -> None:
        async for changed, spoken in redis.changes():
            self._changed.add(changed & self._feeds.keys())
            self._spoken.add(spoken & self._feeds.keys())

    async def _read(self, redis: Listening) -> None:
        while True:
            wanted = [feed for feed in map(self._feeds.get, await self._spoken.take()) if feed]
            positions = {feed.run_id: feed.position for feed in wanted}
            found = await redis.read(positions) if positions else {}
            for feed in wanted:
                feed.take_entries(found[feed.run_id])
                if len(found[feed.run_id]) < BATCH:
                    feed.is_ready.set()
                else:
                    self._spoken.add([feed.run_id])

    async def _look_always(self) -> None:
        looked_at = time.monotonic()
        while True:
            every = LOOK_ALONE_SECONDS if self._is_away else LOOK_SECONDS
            wanted = await self._changed.take(looked_at + every - time.monotonic())
            if time.monotonic() >= looked_at + every:
                looked_at, wanted = time.monotonic(), set(self._feeds)
                # What Redis had to say of these, and we did not hear.
                self._spoken.add(wanted)
            try:
                await self._look(wanted)
            except Exception as error:
                if kind_of(error):
                    outage_log.fault(error)
                else:
                    logger.exception("A look at watched runs failed")
                self._changed.add(wanted & self._feeds.keys())
                await asyncio.sleep(AGAIN_SECONDS)
            await asyncio.sleep(TOGETHER_SECONDS)

    async def _look(self, wanted: set[uuid.UUID]) -> None:
        rows = {run_id: feed.view.row for run_id, feed in self._feeds.items() if run_id in wanted}
        known = {run_id: row for run_id, row in rows.items() if row.end is None}
        if not known:
            return
        loop = asyncio.get_running_loop()
        changed = await loop.run_in_executor(self._executor, _rows, known)
        for run_id, row in changed.items():
            if feed := self._feeds.get(run_id):
                feed.take_row(row)

    def _begin_anew(self) -> None:
        if self._is_away:
            logger.info("Event streams hear of Redis again", extra={"action": "streams_back"})
        self._is_away = False
        for feed in self._feeds.values():
            feed.read_anew()
        self._changed.add(self._feeds)
        self._spoken.add(self._feeds)

    def _leave_alone(self, error: BaseException) -> None:
        if not self._is_away:
            logger.warning(
                "Event streams hear nothing of Redis (%s); they look at the database every second",
                type(error).__name__,
                # Beside the ways in which Redis fails: an error of ours, or of a client's.
                exc_info=None if isinstance(error, FAILURES) else error,
                extra={"action": "streams_alone"},
            )
        self._is_away = True
        for feed in self._feeds.values():
            feed.is_ready.set()


def _rows(known: dict[uuid.UUID, Row]) -> dict[uuid.UUID, Row]:
    """In the hub's one thread; the connection goes back to the pool at once."""
    try:
        return rows_look(known)
    finally:
        connection.close()


class _Waiting:
    """Runs that something is to be done about."""

    def __init__(self) -> None:
        self._runs: set[uuid.UUID] = set()
        self._came = asyncio.Event()

    def add(self, runs: Iterable[uuid.UUID]) -> None:
        self._runs.update(runs)
        if self._runs:
            self._came.set()

    async def take(self, timeout_seconds: float | None = None) -> set[uuid.UUID]:
        """All of them, when there are any; none when none comes in time."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._came.wait()
        except TimeoutError:
            return set()
        self._came.clear()
        taken, self._runs = self._runs, set()
        return taken
