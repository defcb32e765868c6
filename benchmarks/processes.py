"""The processes of ``freshness``: when they are asked, they save a preference or enqueue a run."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import httpx

from config.env import PROJECT

TASK_TYPE = "TASK_TYPE_TEXT_GENERATION"
PAYLOAD = {"prompt": "Say hello."}
READY_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Process:
    name: str
    #: Stores the model as the user's own.
    save: Callable[[str], object]
    #: Accepts a run of the user; the model that was decided on.
    enqueue: Callable[[], str]


@contextmanager
def web_process(name: str, directory: Path, token: str) -> Iterator[Process]:
    """A web server of its own, asked by HTTP."""
    headers = {"Authorization": f"Token {token}"}
    with (
        web_server(name, directory) as (url, _pid),
        httpx.Client(base_url=url, headers=headers) as client,
    ):
        yield Process(
            name=name,
            save=lambda model: _asked(client.put("/v1/users/llm-config", json={"model": model})),
            enqueue=lambda: _asked(
                client.post("/v1/tasks", json={"task_type": TASK_TYPE, "payload": PAYLOAD})
            )["llm_config"]["model"],
        )


@contextmanager
def web_server(name: str, directory: Path, **environment: str) -> Iterator[tuple[str, int]]:
    """A web server that answers: its address and process id."""
    port = _free_port()
    options = ["--host", "127.0.0.1", "--port", str(port), "--no-access-log", "--lifespan", "off"]
    options += ["--timeout-keep-alive", "75"]
    command = [sys.executable, "-m", "uvicorn", "config.asgi:application", *options]
    log = (directory / f"{name}.log").open("wb")
    process = subprocess.Popen(
        command, cwd=PROJECT, env={**os.environ, **environment}, stdout=log, stderr=log
    )
    url = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(base_url=url) as client:
            _await_answer(client)
        yield url, process.pid
    finally:
        process.terminate()
        process.wait(30)
        log.close()


@contextmanager
def worker_process(name: str, user_id: int) -> Iterator[Process]:
    """A process that calls the service and ``enqueue``, as a task in a worker does."""
    command = [sys.executable, "-m", "benchmarks.processes", str(user_id)]
    process = subprocess.Popen(
        command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )

    def ask(*words: str) -> Any:
        to, back = cast("IO[str]", process.stdin), cast("IO[str]", process.stdout)
        to.write(" ".join(words) + "\n")
        to.flush()
        return json.loads(back.readline())

    try:
        ask("ready")
        yield Process(
            name=name, save=lambda model: ask("save", model), enqueue=lambda: str(ask("enqueue"))
        )
    finally:
        process.communicate()


def _asked(response: httpx.Response) -> Any:
    response.raise_for_status()
    return response.json()


def _await_answer(client: httpx.Client) -> None:
    until = time.monotonic() + READY_SECONDS
    while True:
        try:
            client.get("/healthz").raise_for_status()
            return
        except httpx.HTTPError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _serve(user_id: int) -> None:
    """Do what standard input asks for, line by line."""
    import django

    django.setup()
    from django.contrib.auth import get_user_model

    from llmconfig.store.scopes import Scope
    from llmconfig.store.services import preferences_change
    from workers.submission.enqueue import enqueue

    user = get_user_model().objects.get(pk=user_id)
    for line in sys.stdin:
        word, *rest = line.split()
        answer = None
        if word == "save":
            preferences_change(
                scope=Scope(user_id=user.pk),
                change=lambda _, model=rest[0]: {"model": model},
                by=user,
            )
        elif word == "enqueue":
            run = enqueue(task_type=TASK_TYPE, payload=PAYLOAD, user_id=user_id)
            answer = run.llm_config["model"]
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
