"""What many open streams cost a web process, and that they do not hold up its end."""

import asyncio
import os
import signal

import psutil
import pytest
from django.db import connection

from tests.workers.streaming.web_process import Client, web_process
from tests.workers.waiting import wait_until
from tests.workers.worker_process import database_url
from workers.submission.cancel import run_cancel

STREAMS, AT_ONCE, RUNS = 500, 4, 5
MARK = "llmconfig-streams"

pytestmark = pytest.mark.usefixtures("transactional_db", "broker", "config_file")


def connections():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = %s", [MARK])
        return cursor.fetchone()[0]


async def opened(port, runs, token, count):
    """So many streams that have been told how their run stands, opened a few at a time."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(number):
        async with turn:
            client = await Client.open(port, runs[number % len(runs)], token)
            assert await client.until(b"event: state"), client.seen
        return client

    return await asyncio.gather(*map(one, range(count)))


def test_five_hundred_streams_hold_no_thread_and_no_connection(ask, token, person, tmp_path):
    runs = [ask() for _ in range(RUNS)]

    async def watch(process):
        first = await opened(process.port, runs, token, AT_ONCE)
        threads = psutil.Process(process.popen.pid).num_threads()
        clients = first + await opened(process.port, runs, token, STREAMS - AT_ONCE)
        now = psutil.Process(process.popen.pid).num_threads
        await asyncio.to_thread(wait_until, lambda: now() <= threads)
        # Those of the requests' four threads, and one that looks for all.
        held = await asyncio.to_thread(connections)
        assert 0 < held <= AT_ONCE + 1
        for run in runs:
            await asyncio.to_thread(run_cancel, run, by=person)
        ends = await asyncio.gather(*(client.until(b"event: end") for client in clients))
        assert all(ends)
        for client in clients:
            client.close()

    environment = {
        "DATABASE_URL": database_url(application_name=MARK),
        "API_RATE_READ": "100000/min",
        "API_MAX_EVENT_STREAMS": "",
    }
    with web_process(tmp_path / "web.log", **environment) as process:
        asyncio.run(watch(process))


def test_a_server_that_is_asked_to_stop_does_not_wait_for_its_streams(ask, token, tmp_path):
    run = ask()

    async def watch(process):
        client = await Client.open(process.port, run, token)
        assert await client.until(b"event: state")
        os.kill(process.popen.pid, signal.SIGTERM)
        # The body's last chunk: the stream is whole, and the client knows when to come back.
        assert await client.until(b"0\r\n\r\n")
        assert client.seen.count(b"retry: ") == 2
        client.close()

    with web_process(tmp_path / "web.log", "--timeout-graceful-shutdown", "600") as process:
        asyncio.run(watch(process))
        assert process.popen.wait(20) == -signal.SIGTERM
