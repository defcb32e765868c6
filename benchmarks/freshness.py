"""Saves and enqueues that take turns over four processes: does any enqueue use what was before?

    .venv/bin/python -m benchmarks.freshness [ROUNDS]

Two web processes are asked by HTTP; two processes stand for workers, and call the service and
``enqueue`` as a Celery task does. In each of 1,000 rounds one of the four stores a preference, and
as soon as that is answered another one, drawn by lot and with the previous decision at hand,
enqueues; the decision stored on the run must be the one just saved. Exits with 1 where one is not.
"""

import random
import sys
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field

from benchmarks.processes import Process, web_process, worker_process
from benchmarks.services import services

ROUNDS = 1_000


@dataclass
class Tally:
    rounds: int = 0
    stale: list[str] = field(default_factory=list)
    pairs: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def __str__(self) -> str:
        lines = [f"{'save in → enqueue in':28}{'rounds':>8}"]
        lines += [f"{pair:28}{count:8}" for pair, count in sorted(self.pairs.items())]
        lines += [f"{'all':28}{self.rounds:8} in {self.seconds:.0f} s", *self.stale]
        return "\n".join([*lines, f"stale decisions: {len(self.stale)}"])


def main(rounds: int) -> int:
    with services() as directory, ExitStack() as cleanup:
        user_id, token = _person()
        processes = [
            cleanup.enter_context(process)
            for process in (
                web_process("web 1", directory, token),
                web_process("web 2", directory, token),
                worker_process("worker 1", user_id),
                worker_process("worker 2", user_id),
            )
        ]
        tally = _run(processes, rounds)
    sys.stdout.write(f"{tally}\n")
    return 0 if tally.rounds and not tally.stale else 1


def _run(processes: list[Process], rounds: int) -> Tally:
    tally, lot = Tally(), random.Random(7)  # noqa: S311  (a lot, not a secret)
    started = time.monotonic()
    for number in range(rounds):
        saver, other = lot.sample(processes, 2)
        model = f"round:{number}"
        other.enqueue()  # it has at hand what was before
        saver.save(model)
        decided = other.enqueue()
        tally.rounds += 1
        tally.pairs[f"{saver.name} → {other.name}"] += 1
        if decided != model:
            tally.stale.append(f"{saver.name} → {other.name}: {decided} instead of {model}")
    tally.seconds = time.monotonic() - started
    return tally


def _person() -> tuple[int, str]:
    from django.contrib.auth import get_user_model
    from knox.models import AuthToken

    user = get_user_model().objects.create_user("benchmark")
    _row, token = AuthToken.objects.create(user)
    return user.pk, token


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS))
