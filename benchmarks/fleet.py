"""Worker processes on a database, a broker and a model server of their own, for one measurement.

Everything is embedded, in a temporary directory, and gone when the block ends. Django is set up
here, so that models are imported only inside the block.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from config.embedded.postgres import Postgres
from config.embedded.stack import Stack
from config.embedded.valkey import Valkey
from config.env import PROJECT
from workers.testing.fake_ollama import FakeOllama

QUEUES = "llm.text_generation,llm.text_generation.low"
TASK_TYPE = "TASK_TYPE_TEXT_GENERATION"
READY_SECONDS = 60


@dataclass(kw_only=True)
class Fleet:
    """What runs, and how to use it."""

    ollama: FakeOllama
    directory: Path
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def accept(self, **options: Any) -> Any:
        """Accept a run; the row."""
        from workers.enqueue import enqueue

        return enqueue(task_type=TASK_TYPE, payload={"prompt": "Say hello."}, **options)

    def prefer(self, **fields: Any) -> None:
        """Set what holds for everybody from now on."""
        from llmconfig.models import Preference

        Preference.objects.update_or_create(user=None, group=None, task_type=None, defaults=fields)

    def ended(self, run: Any, seconds: float = 120) -> Any:
        """The run in its final state. Raises TimeoutError."""
        from workers.models import TaskRun
        from workers.states import FINAL

        rows = TaskRun.objects.filter(pk=run.pk, status__in=FINAL)
        return wait_for(lambda: rows.prefetch_related("attempts").first(), seconds)

    def start_workers(self, count: int, concurrency: int) -> None:
        """Start so many processes of one queue, and wait until each sweeps."""
        for number in range(count):
            log = (self.directory / f"worker-{number}.log").open("wb")
            options = f"-P threads -c {concurrency} -Q {QUEUES} -n w{number}@%h -l INFO"
            command = [sys.executable, "-m", "celery", "-A", "config", "worker"]
            self.workers.append(
                subprocess.Popen(
                    [*command, *options.split(), "--without-mingle", "--without-gossip"],
                    cwd=PROJECT,
                    stdout=log,
                    stderr=log,
                )
            )
        for number in range(count):
            log_path = self.directory / f"worker-{number}.log"
            wait_for(lambda path=log_path: b" ready." in path.read_bytes(), READY_SECONDS)

    def stop_workers(self) -> None:
        for worker in self.workers:
            worker.terminate()
        for worker in self.workers:
            worker.wait(60)
        self.workers.clear()


@contextmanager
def fleet(
    *, workers: int = 2, concurrency: int = 4, resident: Sequence[str] = (), config: str = ""
) -> Iterator[Fleet]:
    """So many worker processes of one queue, each with so many slots, and a fake model server."""
    with ExitStack() as cleanup:
        directory = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="fleet-")))
        ollama = cleanup.enter_context(FakeOllama(resident=resident))
        parts = Stack(
            directory / "home",
            parts=(Valkey, Postgres),
            durable=False,
            temporary=True,
            supervised=False,
            environ={},
        )
        cleanup.enter_context(parts)
        cleanup.enter_context(_environment(parts, ollama, directory, config))
        _set_up()
        made = Fleet(ollama=ollama, directory=directory)
        cleanup.callback(_close)
        cleanup.callback(made.stop_workers)
        made.start_workers(workers, concurrency)
        yield made


def wait_for(condition: Callable[[], Any], seconds: float) -> Any:
    """The condition's first true value. Raises TimeoutError."""
    until = time.monotonic() + seconds
    while not (met := condition()):
        if time.monotonic() >= until:
            raise TimeoutError(f"nothing came in {seconds} s")
        time.sleep(0.02)
    return met


@contextmanager
def _environment(parts: Stack, ollama: FakeOllama, directory: Path, config: str) -> Iterator[None]:
    file = directory / "llm.yaml"
    file.write_text(config or 'default: {model: "ok:3b", fallback_model: "ok:1b"}\n')
    before = dict(os.environ)
    os.environ.update(
        parts.environment,
        OLLAMA_HOST=ollama.host,
        LLM_CONFIG_FILE=str(file),
        LLMCONFIG_HOME=str(directory / "home"),
        DJANGO_SETTINGS_MODULE="config.settings.test",
    )
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _set_up() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def _close() -> None:
    from django.db import connections

    connections.close_all()
    for connection in connections.all():
        connection.close_pool()
