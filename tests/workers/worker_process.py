"""A worker process as the Procfile starts one, on the suite's own services."""

import os
import subprocess
import sys
from contextlib import contextmanager
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from config.env import PROJECT


def database_url():
    """The address of the test database, for another process."""
    named = connection.settings_dict
    parts = {"user": named["USER"], "host": named["HOST"], "port": named["PORT"]}
    given = "&".join(f"{key}={quote(str(part), safe='')}" for key, part in parts.items() if part)
    return f"postgresql:///{named['NAME']}?{given}"


@contextmanager
def worker_process(log, *options, **environment):
    """The process, which has been started and may not be ready yet; its output goes to ``log``."""
    command = ["-m", "celery", "-A", "config", "worker", "--without-mingle", "--without-gossip"]
    with log.open("w") as output:
        process = subprocess.Popen(
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
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)
