"""A worker process as the Procfile starts one, on the suite's own services."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import psutil
from django.conf import settings
from django.db import connection

from config.env import PROJECT

QUEUES = "llm.text_generation,llm.text_generation.low"
STOP_SECONDS = 40


def database_url(**parameters):
    """The address of the test database for another process; parameters given here win."""
    named = connection.settings_dict
    parts = {"user": named["USER"], "password": named["PASSWORD"], "host": named["HOST"]}
    parts = {**parts, "port": named["PORT"], **parameters}
    given = "&".join(f"{key}={quote(str(part), safe='')}" for key, part in parts.items() if part)
    return f"postgresql:///{named['NAME']}?{given}"


def start(log: Path, *options, **environment) -> subprocess.Popen:
    """Start one, which is not ready yet; its output goes to ``log``."""
    command = ["-m", "celery", "-A", "config", "worker", "--without-mingle", "--without-gossip"]
    with log.open("w") as output:
        return subprocess.Popen(
            [sys.executable, *command, *options],
            cwd=PROJECT,
            env={
                **os.environ,
                "DATABASE_URL": database_url(),
                "OLLAMA_HOST": settings.OLLAMA_HOST,
                "LLM_CONFIG_FILE": str(settings.LLM_CONFIG_FILE),
                **environment,
            },
            stdout=output,
            stderr=output,
        )


@contextmanager
def worker_process(log, *options, **environment):
    """The process while the block runs; it is asked to stop at its end."""
    process = start(log, *options, **environment)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


class WorkerProcess:
    """One to be asked to stop, or to be killed; what is left of it at the block's end is killed."""

    made = 0

    def __init__(self, directory: Path, pool="threads", concurrency=2, **environment: object):
        WorkerProcess.made += 1
        self.log = directory / f"worker-{WorkerProcess.made}.log"
        options = f"-P {pool} -c {concurrency} -Q {QUEUES} -n w{WorkerProcess.made}@%h -l INFO"
        texts = {name: str(value) for name, value in environment.items()}
        self.popen = start(self.log, *options.split(), **texts)

    @property
    def runs(self) -> bool:
        return self.popen.poll() is None

    def terminate(self) -> None:
        self.popen.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        children = psutil.Process(self.popen.pid).children(recursive=True)
        self.popen.kill()
        self.popen.wait(STOP_SECONDS)
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.kill()

    def wait(self) -> int:
        """Its exit code, when it has ended by itself."""
        return self.popen.wait(STOP_SECONDS)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.runs:
            self.kill()
