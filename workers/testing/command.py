"""The fake as a program: ``python -m workers.testing.fake_ollama``."""

import argparse
import asyncio
import inspect
import signal
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from workers.testing.by_name import BY_NAME
from workers.testing.fake_ollama import FakeOllama
from workers.testing.one_host import OneHost, Pace
from workers.testing.script_file import Script, ScriptInvalid, read

DEFAULT_PORT = 11434
HOST_SETTINGS = (
    "places",
    "max_loaded",
    "max_queue",
    "load_seconds",
    "keep_alive",
    "context_length",
)
PACE_SETTINGS = ("tokens", "seconds", "prompt_seconds")
EPILOG = """\
It answers well to any model whose name asks for nothing else. A name asks for a behaviour, and a
number in it for the behaviour's first number: http-503:1b answers 503, silent:1b never answers,
slow-first-token-20:1b begins after 20 seconds. The rest of the name is yours.

A script says what a model does next, in order or for a span of time:

  resident: [big:3b]
  script:
    big:3b:
      - http-503
      - {behaviour: ok, text: Two words, times: 2}
      - {behaviour: silent, from: 10s, until: 70s}

What it was asked: curl http://127.0.0.1:11434/fake/log

With --one-host it behaves as one machine: requests wait for a place, models for their load and for
each other. Its figures: curl http://127.0.0.1:11434/fake/statistics
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted; the exit code."""
    given = _parser().parse_args(arguments)
    if given.list:
        sys.stdout.write("".join(f"{line}\n" for line in behaviour_lines()))
        return 0
    try:
        script = read(given.script) if given.script else Script()
    except ScriptInvalid as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return asyncio.run(_serve(given.address, given.port, script, _one_host(given)))


def behaviour_lines() -> list[str]:
    """One line for each behaviour: its name, what it does and what may be set."""
    width = max(map(len, BY_NAME))
    return [f"{name:{width}}  {_described(kind)}" for name, kind in sorted(BY_NAME.items())]


def _described(kind: type) -> str:
    first = (inspect.getdoc(kind) or "").partition("\n")[0]
    values = [f"{item.name}={item.default!r}" for item in fields(kind)]
    return f"{first} ({', '.join(values)})" if values else first


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m workers.testing.fake_ollama",
        description="An Ollama that breaks on demand. It prints its address when it listens.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help=f"default {DEFAULT_PORT}; 0 takes a free one"
    )
    parser.add_argument("--address", default="127.0.0.1", help="default 127.0.0.1")
    parser.add_argument("--script", type=Path, metavar="FILE", help="YAML or JSON, see below")
    parser.add_argument("--list", action="store_true", help="tell every behaviour and end")
    _add_one_host(parser)
    return parser


def _add_one_host(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("one host", "settings of --one-host; times are seconds")
    group.add_argument("--one-host", action="store_true", help="behave as one machine")
    for kind, settings in ((OneHost, HOST_SETTINGS), (Pace, PACE_SETTINGS)):
        for item in fields(kind):
            if item.name in settings:
                group.add_argument(
                    f"--{item.name.replace('_', '-')}",
                    type=type(item.default),
                    default=item.default,
                    metavar="N",
                    help="default %(default)s",
                )


def _one_host(given: argparse.Namespace) -> OneHost | None:
    if not given.one_host:
        return None
    pace = Pace(**{name: getattr(given, name) for name in PACE_SETTINGS})
    return OneHost(pace=pace, **{name: getattr(given, name) for name in HOST_SETTINGS})


async def _serve(address: str, port: int, script: Script, one_host: OneHost | None) -> int:
    fake = FakeOllama(
        address=address,
        port=port,
        models=script.models,
        resident=script.resident,
        one_host=one_host,
    )
    for key, steps in script.steps.items():
        fake.script(key, steps)
    try:
        server = await fake.serve()
    except (OSError, OverflowError) as error:
        sys.stderr.write(f"Cannot listen on {address} port {port}: {error}\n")
        return 1
    sys.stdout.write(f"{fake.host}\n")
    sys.stdout.flush()
    ended = await _signal()
    await fake.close(server)
    return 128 + ended


async def _signal() -> int:
    """The signal that asks it to end."""
    loop, received = asyncio.get_running_loop(), asyncio.Event()
    numbers: list[int] = []

    def note(number: int) -> None:
        numbers.append(number)
        received.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, note, number)
    await received.wait()
    return numbers[0]
