"""Readers in processes of their own race writers that commit and writers that roll back.

    .venv/bin/python -m benchmarks.races [RACES]

In each race one writer changes a row inside a transaction, of a user or of everyone in turn, while
three readers decide for the user as fast as they can; every other writer rolls back. What a reader
sees must never be older than what was committed before it asked, and never what was rolled back;
and after each race what is kept in Redis, if it is to be found, must be what the database holds.
Exits with 1 where that fails.
"""

import sys
import time
from contextlib import ExitStack
from ctypes import c_longlong
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any

from benchmarks.services import services

RACES = 10_000
READERS = 3
TASK_TYPE = "TASK_TYPE_TEXT_GENERATION"
_spawn = get_context("spawn")


def _number() -> Any:
    """A number that all processes see."""
    return _spawn.Value(c_longlong, 0)


@dataclass(frozen=True)
class Lane:
    """One row, and the parameter in which its races are counted."""

    parameter: str
    #: Written, and always rolled back.
    poison: int
    committed: Any = field(default_factory=_number)


@dataclass(frozen=True)
class Course:
    """What writer and readers share: lanes for the user's row and for everyone's, and tallies."""

    user_id: int
    lanes: tuple[Lane, Lane]
    over: Any = field(default_factory=_number)
    reads: Any = field(default_factory=_number)
    stale: Any = field(default_factory=_number)
    poisoned: Any = field(default_factory=_number)


def main(races: int) -> int:
    with services(), ExitStack() as cleanup:
        course = Course(_person(), (Lane("seed", 2_000_000_000), Lane("max_tokens", 131_072)))
        readers = [_spawn.Process(target=read, args=(course,)) for _ in range(READERS)]
        for reader in readers:
            reader.start()
            cleanup.callback(reader.join)
        cleanup.callback(setattr, course.over, "value", 1)
        started = time.monotonic()
        found, wrong = write(course, races)
        seconds = time.monotonic() - started
    lines = {
        "races, half of them rolled back": races,
        "seconds": round(seconds),
        "decisions of the readers": course.reads.value,
        "older than what was committed": course.stale.value,
        "of what was rolled back": course.poisoned.value,
        "entries found in Redis after a race": found,
        "entries that were not what is stored": wrong,
    }
    sys.stdout.write("".join(f"{name:40}{count:10,}\n" for name, count in lines.items()))
    held = not (course.stale.value or course.poisoned.value or wrong)
    ran = course.reads.value and not any(reader.exitcode for reader in readers)
    return 0 if held and ran else 1


def write(course: Course, races: int) -> tuple[int, int]:
    """Run the races; how many entries were found in Redis after one, and how many were wrong."""
    from django.db import transaction

    from llmconfig.models import Preference

    rows = [Preference.objects.get(user=course.user_id), Preference.objects.get(user=None)]
    for lane, row in zip(course.lanes, rows, strict=True):
        lane.committed.value = row.parameters[lane.parameter]
    found = wrong = 0
    for race in range(races):
        which, rolls_back = race // 2 % 2, race % 2
        lane, row = course.lanes[which], rows[which]
        with transaction.atomic():
            row.parameters = {lane.parameter: lane.poison if rolls_back else race + 1}
            row.save()
            transaction.set_rollback(bool(rolls_back))
        if not rolls_back:
            lane.committed.value = race + 1
        committed = {lane.parameter: lane.committed.value for lane in course.lanes}
        for kept in (_kept(course.user_id), _kept_after_readers(course)):
            found += kept is not None
            wrong += kept not in (None, committed)
    return found, wrong


def _kept_after_readers(course: Course) -> dict[str, int] | None:
    """The same when all readers may have decided again, so that the next race has what to spoil."""
    enough = course.reads.value + 2 * READERS
    until = time.monotonic() + 60
    while course.reads.value < enough:
        if time.monotonic() > until:
            raise TimeoutError("the readers read no more")
        time.sleep(0.0005)
    return _kept(course.user_id)


def _kept(user_id: int) -> dict[str, int] | None:
    """The parameters of the rows that any reader would find in Redis now."""
    from llmconfig.layers.cache_entries import entry_decode
    from llmconfig.layers.cached_rows import read

    reading = read(user_id)
    if reading.versions is None or reading.entry is None:
        return None
    stored = entry_decode(reading.entry, reading.versions)
    if stored is None:
        return None
    return {name: value for row in stored.rows for name, value in row.fields["parameters"].items()}


def read(course: Course) -> None:
    """Decide until the writer is done."""
    import django

    django.setup()
    from llmconfig.resolution.selectors import config_resolve

    while not course.over.value:
        at_least = [lane.committed.value for lane in course.lanes]
        config = config_resolve(user_id=course.user_id, task_type=TASK_TYPE)
        seen = [config.parameters[lane.parameter] for lane in course.lanes]
        poisoned = any(s == lane.poison for s, lane in zip(seen, course.lanes, strict=True))
        stale = any(s < least for s, least in zip(seen, at_least, strict=True))
        _count(course.reads, 1)
        _count(course.poisoned, poisoned)
        _count(course.stale, stale and not poisoned)


def _count(number: Any, more: int) -> None:
    if more:
        with number.get_lock():
            number.value += more


def _person() -> int:
    from django.contrib.auth import get_user_model

    from llmconfig.models import Preference

    user = get_user_model().objects.create_user("benchmark")
    Preference.objects.create(user=user, parameters={"seed": 0})
    Preference.objects.create(parameters={"max_tokens": 1})
    return int(user.pk)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else RACES))
