"""A stack to be mistreated: temporary home, fake Ollama, and ``runstack`` over a Procfile of ours.

Inside the block this process is a Django process of that stack: it enqueues and reads rows.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
import yaml

from benchmarks.chaos.fake import FakeProcess
from benchmarks.chaos.verdict import say
from config.env import PROJECT
from devstack.embedded import owned
from devstack.embedded.shutdown import stop

READY_SECONDS = 120.0
STOP_SECONDS = 60.0
WORKER = (
    "celery --quiet -A config worker -P threads -Q {queues} -c {concurrency} "
    '-n "{name}@${{LLMCONFIG_NODE}}" --without-gossip --without-mingle --loglevel INFO'
)


class Stack:
    """A running stack over a Procfile of ours."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._log = home / "runstack.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, procfile: Path, environment: Mapping[str, str]) -> None:
        """Start the stack and wait until its workers answer."""
        command = [sys.executable, str(PROJECT / "manage.py"), "runstack"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, "--procfile", str(procfile)],
                env=dict(environment),
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        await_(lambda: "Ready: " in self._log.read_text() or self._ended(), READY_SECONDS)
        if "Ready: " not in self._log.read_text():
            raise RuntimeError(f"the stack did not start:\n{self._log.read_text()[-3000:]}")

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
        stop(lambda: owned.find(self.home))

    def pids(self, name: str) -> list[int]:
        """The first processes of a part or Procfile entry: one, or none while it is away."""
        members = [one for one in owned.find(self.home) if one.name == name]
        return [one.process.pid for one in owned.roots(members)]

    def signal(self, name: str, number: int) -> bool:
        """Send a signal to a part or entry; False: there is no such process now."""
        pids = self.pids(name)
        for pid in pids:
            os.kill(pid, number)
        return bool(pids)

    def _ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None


class Stand(Stack):
    """A stack with the fake Ollama that it uses."""

    def __init__(self, home: Path, fake: FakeProcess) -> None:
        super().__init__(home)
        self.fake = fake


@contextmanager
def stand(
    *,
    workers: Mapping[str, Sequence[str]],
    concurrency: int,
    config: Mapping[str, Any],
    script: Mapping[str, Any],
) -> Iterator[Stand]:
    """A stack of these workers (name to queues), this llm.yaml and this fake."""
    home = Path(tempfile.mkdtemp(prefix="llmconfig-chaos-"))
    fake = FakeProcess(home, script)
    made = Stand(home, fake)
    try:
        begin(made, fake.host, workers=workers, concurrency=concurrency, config=config)
        yield made
    finally:
        made.stop()
        fake.kill()
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def stack(
    host: str,
    *,
    workers: Mapping[str, Sequence[str]],
    concurrency: int,
    config: Mapping[str, Any],
    **environment: str,
) -> Iterator[Stack]:
    """A stack of these workers (name to queues) and this llm.yaml beside a model server."""
    home = Path(tempfile.mkdtemp(prefix="llmconfig-chaos-"))
    made = Stack(home)
    try:
        kind = {"workers": workers, "concurrency": concurrency, "config": config}
        begin(made, host, **kind, **environment)
        yield made
    finally:
        made.stop()
        shutil.rmtree(home, ignore_errors=True)


def begin(
    made: Stack,
    host: str,
    *,
    workers: Mapping[str, Sequence[str]],
    concurrency: int,
    config: Mapping[str, Any],
    **variables: str,
) -> None:
    """Start it, and make this process a Django process of it."""
    home = made.home
    (home / "llm.yaml").write_text(yaml.safe_dump(dict(config)))
    lines = [
        f"{name}: {WORKER.format(queues=','.join(queues), concurrency=concurrency, name=name)}"
        for name, queues in workers.items()
    ]
    (home / "Procfile").write_text("\n".join(lines) + "\n")
    environment = {**_environment(home, host), **variables}
    say(f"Starting {len(workers)} workers of {concurrency}, in {home}")
    made.start(home / "Procfile", environment)
    os.environ.clear()
    os.environ.update(environment)
    django.setup()


def await_(condition: Callable[[], object], seconds: float, every: float = 0.1) -> bool:
    """Whether the condition came true in time."""
    end = time.monotonic() + seconds
    while not (met := bool(condition())) and time.monotonic() < end:
        time.sleep(every)
    return met


def _environment(home: Path, host: str) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("LLM_")}
    return {
        **own,
        "DJANGO_SETTINGS_MODULE": "config.settings.development",
        "LLMCONFIG_HOME": str(home),
        "LLM_CONFIG_FILE": str(home / "llm.yaml"),
        "LLM_ALLOW_REQUEST_LAYER": "true",
        "OLLAMA_HOST": host,
    }
