"""What the tests of the embedded parts share: stacks as programs, and waiting for what they do."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from devstack.embedded.owned import find, without_marks
from devstack.embedded.postgres import Postgres
from devstack.embedded.valkey import Valkey

PROJECT = Path(__file__).parents[3]
ADDRESSES = ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "OLLAMA_HOST", "LLM_CONFIG_FILE")
SLEEP = "python -c 'import time; time.sleep(1000)'"
WEB = f"""python {Path(__file__).parent / "web.py"}"""


def environ(**variables: str) -> dict[str, str]:
    """This process's environment without the suite's own addresses."""
    clean = without_marks(os.environ)
    return {name: value for name, value in clean.items() if name not in ADDRESSES} | variables


def write_procfile(directory: Path, **commands: str) -> Path:
    path = directory / "Procfile"
    path.write_text("".join(f"{name}: {command}\n" for name, command in commands.items()))
    return path


def eventually(answer: Callable[[], Any], seconds: float = 20.0) -> Any:
    """The first true answer."""
    deadline = time.monotonic() + seconds
    while not (found := answer()):
        assert time.monotonic() < deadline, "it never became true"
        time.sleep(0.05)
    return found


def pids(home: Path) -> dict[str, int]:
    """The oldest process of each name that belongs to the home."""
    found = sorted(find(home), key=lambda owned: owned.process.create_time(), reverse=True)
    return {owned.name: owned.process.pid for owned in found}


class Program:
    """A running stack program and what it printed."""

    def __init__(self, popen: subprocess.Popen[bytes], output: Path) -> None:
        self.popen, self._output = popen, output

    @property
    def output(self) -> str:
        return self._output.read_text()

    def says(self, text: str) -> bool:
        return text in self.output

    def ready(self) -> "Program":
        eventually(lambda: self.says("ready\n") or self.popen.poll() is not None)
        assert self.popen.poll() is None, self.output
        return self

    def send(self, number: signal.Signals) -> None:
        self.popen.send_signal(number)

    def end(self) -> int:
        return self.popen.wait(30)


@contextmanager
def program(home: Path, procfile: Path, *arguments: str, **variables: str) -> Iterator[Program]:
    """A stack as a program in a process group of its own, as a terminal starts it."""
    output = procfile.parent / f"output-of-{home.name}"
    module = [sys.executable, "-m", "tests.devstack.embedded.program"]
    with output.open("wb") as file:
        popen = subprocess.Popen(
            [*module, str(home), str(procfile), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            cwd=PROJECT,
            env=environ(**variables),
            process_group=0,
        )
    try:
        yield Program(popen, output)
    finally:
        popen.terminate()
        popen.wait(30)


VALKEY_ONLY = (Valkey,)
VALKEY_AND_POSTGRES = (Valkey, Postgres)
