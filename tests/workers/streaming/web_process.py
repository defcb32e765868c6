"""A web process as the Procfile starts one, and many clients of its streams."""

import asyncio
import os
import re
import subprocess
import sys
from contextlib import contextmanager

from config.env import PROJECT
from tests.workers.waiting import wait_until
from tests.workers.worker_process import database_url

RUNNING = re.compile(r"running on http://127\.0\.0\.1:(\d+)")
STOP_SECONDS = 30


class WebProcess:
    """The process and its port."""

    def __init__(self, log, *options, **environment):
        command = ["-m", "uvicorn", "config.asgi:application", "--port", "0", "--lifespan", "off"]
        with log.open("w") as output:
            self.popen = subprocess.Popen(
                [sys.executable, *command, "--no-access-log", *options],
                cwd=PROJECT,
                env={**os.environ, "DATABASE_URL": database_url(), **environment},
                stdout=output,
                stderr=output,
            )
        self.log = log

    @property
    def port(self):
        return int(wait_until(lambda: RUNNING.search(self.log.read_text()))[1])


@contextmanager
def web_process(log, *options, **environment):
    """The process while the block runs."""
    process = WebProcess(log, *options, **environment)
    try:
        yield process
    finally:
        process.popen.terminate()
        process.popen.wait(STOP_SECONDS)


class Client:
    """One open stream, on the event loop."""

    def __init__(self, reader, writer):
        self._reader, self._writer = reader, writer
        self.seen = b""

    @classmethod
    async def open(cls, port, run, token):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"GET /v1/tasks/{run.pk}/events HTTP/1.1\r\nHost: localhost\r\n"
        writer.write(f"{head}Authorization: Token {token}\r\n\r\n".encode())
        return cls(reader, writer)

    async def until(self, words):
        """Read on until these come, or all that comes where there are no such."""
        while words not in self.seen and (more := await self._reader.read(65536)):
            self.seen += more
        return words in self.seen

    def close(self):
        self._writer.close()
