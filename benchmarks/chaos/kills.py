"""500 runs while everything is killed around them.

Workers by ``kill -9``, the broker and PostgreSQL by a restart, the model server by ``kill -9``.
Each run must end once, with the whole answer. A trigger in the database counts the ends.
"""

import argparse
import itertools
import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from typing import Any

from benchmarks.chaos.runs import ANSWER, PAYLOADS, count_states, ended
from benchmarks.chaos.stand import Stand, await_, stand
from benchmarks.chaos.verdict import Verdict, say

MODEL, FALLBACK = "ok:3b", "ok:1b"
QUEUES = ("insight_generation", "weekly_report", "data_analysis", "text_generation")
PACE = {"behaviour": "ok", "chunks": 10, "delay": 0.15, "times": "always"}
#: The last lease runs out half a minute after the last kill; then the rest is worked off.
PATIENCE_SECONDS = 240
BACK_SECONDS = 30


def main() -> int:
    given = _arguments()
    verdict = Verdict("kills")
    with stand(
        workers={f"worker_{name}": [f"llm.{name}", f"llm.{name}.low"] for name in QUEUES},
        concurrency=4,
        config={"default": {"model": MODEL, "fallback_model": FALLBACK, "max_retries": 10}},
        script={"resident": [MODEL, FALLBACK], "script": {MODEL: [PACE], FALLBACK: [PACE]}},
    ) as the_stand:
        from benchmarks.chaos import ends

        ends.install()
        asked = list(_ask(given.runs // 2))
        done = _mistreat(the_stand, given, lambda: asked.extend(_ask(given.runs - len(asked))))
        runs = ended(asked, PATIENCE_SECONDS)
        counted = _patiently(ends.counted)
        _patiently(ends.remove)
    for what, (times, wanted) in done.items():
        if wanted:
            verdict.check(what, times, str(wanted), holds=times == wanted)
    _judge(verdict, asked, runs, counted)
    return verdict.end()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--worker-kills", type=int, default=20)
    parser.add_argument("--broker-restarts", type=int, default=2)
    parser.add_argument("--database-restarts", type=int, default=1)
    parser.add_argument("--fake-kills", type=int, default=3)
    parser.add_argument(
        "--hard", action="store_true", help="kill -9 for the broker and PostgreSQL too"
    )
    return parser.parse_args()


def _ask(count: int) -> Iterator[Any]:
    """So many runs over all task types."""
    from workers.submission.enqueue import enqueue

    for number in range(count):
        name = QUEUES[number % len(QUEUES)]
        payload = PAYLOADS.get(name, PAYLOADS["insight_generation"])
        yield enqueue(task_type=f"TASK_TYPE_{name.upper()}", payload=payload)


def _mistreat(the_stand: Stand, given: argparse.Namespace, ask_more: Any) -> dict[str, Any]:
    """Do all the harm, in a random order that is the same each time; what was done how often."""
    harm = {
        "workers killed": (given.worker_kills, _worker_killer(the_stand)),
        "broker restarted": (
            _if_ours(the_stand, "valkey", given.broker_restarts),
            lambda: _restart(the_stand, "valkey", hard=given.hard),
        ),
        "PostgreSQL restarted": (
            _if_ours(the_stand, "postgres", given.database_restarts),
            lambda: _restart(the_stand, "postgres", hard=given.hard),
        ),
        "model server killed": (given.fake_kills, lambda: _kill_fake(the_stand)),
    }
    order = [what for what, (times, _) in harm.items() for _ in range(times)]
    random.Random(7).shuffle(order)  # noqa: S311  (an order, no secret)
    done = dict.fromkeys(harm, 0)
    for number, what in enumerate(order):
        if number == len(order) // 3:
            ask_more()
        done[what] += bool(harm[what][1]())
        time.sleep(1.5)
    return {what: (done[what], harm[what][0]) for what in harm}


def _worker_killer(the_stand: Stand) -> Any:
    names = itertools.cycle(f"worker_{name}" for name in QUEUES)

    def kill() -> bool:
        # The next one that lives: the others wait for their restart.
        for name in itertools.islice(names, 2 * len(QUEUES)):
            if the_stand.signal(name, signal.SIGKILL):
                return True
            time.sleep(1)
        return False

    return kill


def _if_ours(the_stand: Stand, name: str, times: int) -> int:
    """Parts that a variable names are left alone; beside another broker, Valkey is the cache."""
    is_cache = name == "valkey" and "CELERY_BROKER_URL" in os.environ
    if the_stand.pids(name) and not is_cache:
        return times
    say(f"      {name} is not ours: it is not restarted")
    return 0


def _restart(the_stand: Stand, name: str, *, hard: bool) -> bool:
    """Stop a part, as its operator would or hard; the supervisor starts it again."""
    before = the_stand.pids(name)
    politely = signal.SIGINT if name == "postgres" else signal.SIGTERM
    the_stand.signal(name, signal.SIGKILL if hard else politely)
    return await_(lambda: the_stand.pids(name) not in ([], before), BACK_SECONDS)


def _kill_fake(the_stand: Stand) -> bool:
    the_stand.fake.kill()
    time.sleep(2)
    the_stand.fake.start()
    return True


def _patiently(work: Any) -> Any:
    """A connection of the pool may have died with the database."""
    from django.db import DatabaseError, connection

    try:
        return work()
    except DatabaseError:
        connection.close()
        return work()


def _judge(verdict: Verdict, asked: Any, runs: Any, counted: dict[str, int]) -> None:
    from workers.runs.states import FINAL

    final = [run for run in runs.values() if run.status in FINAL]
    verdict.check(
        f"final states of {len(asked)} runs",
        count_states(runs),
        "all final",
        holds=len(final) == len(asked),
    )
    verdict.at_most("runs lost", len(asked) - len(final), 0)
    once = [run for run in final if counted.get(str(run.pk)) == 1]
    verdict.check(
        "runs that ended exactly once", len(once), f"{len(asked)}", holds=len(once) == len(asked)
    )
    answered = [run for run in final if run.status == "succeeded"]
    for run in final:
        if run.status != "succeeded":
            say(f"      {run.task_type} {run.status}: {run.error}")
    verdict.check(
        "runs answered", len(answered), f"{len(asked)}", holds=len(answered) == len(asked)
    )
    wrong = [run for run in answered if not _is_whole(run)]
    verdict.check("truncated or empty answers stored", len(wrong), "0", holds=not wrong)
    again = sum(run.deliveries > 1 for run in final)
    say(f"      {again} runs were delivered more than once, {sum(r.losses for r in final)} losses")


def _is_whole(run: Any) -> bool:
    if run.task_type == "TASK_TYPE_INSIGHT_GENERATION":
        return bool(run.result.keys() == {"content", "tags", "confidence"})
    return bool(run.result == {"content": ANSWER.format(model=run.model_used)})


if __name__ == "__main__":
    sys.exit(main())
