"""A run for each of 10,000 users at once, beside one by one and beside bare messages.

    .venv/bin/python -m benchmarks.bulk_enqueue

``enqueue_many`` resolves, stores and publishes. Beside it, in turns of 1,000 users, so that a busy
machine is as busy for each: Celery's ``send_task`` of the same messages over one reused producer,
which resolves and stores nothing; and ``delay()``, which resolves for each (from a cold cache, as
for users who were not seen this week) and stores nothing. Promised: at least 0.8 × the bare rate,
and 3 × that of ``delay()``. Exits with 1 where it is less.
"""

import sys
import time
from collections.abc import Callable

from benchmarks.bulk import TASK_TYPE, USERS, people
from benchmarks.services import services

PAYLOAD = {"prompt": "Write a sentence about the week of a person who keeps a work log."}
TURN = 1000
LEAST_OF_BARE = 0.8
LEAST_OF_DELAY = 3


def main() -> int:
    with services():
        users = people()
        seconds = [0.0, 0.0, 0.0]
        for start in range(0, USERS, TURN):
            turn = users[start : start + TURN]
            for number, work in enumerate((_many, _bare, _delay)):
                seconds[number] += _measured(work, turn)
    fast, published, alone = (USERS / spent for spent in seconds)
    rates = {
        "enqueue_many: resolved, stored, published": fast,
        "send_task, one reused producer": published,
        "delay(), one resolution each": alone,
    }
    sys.stdout.write(_table(rates))
    return 0 if fast >= LEAST_OF_BARE * published and fast >= LEAST_OF_DELAY * alone else 1


def _measured(work: Callable[[list[int]], Callable[[], None]], users: list[int]) -> float:
    """Seconds of the work for these users, its preparation aside."""
    ready = work(users)
    started = time.perf_counter()
    ready()
    return time.perf_counter() - started


def _many(users: list[int]) -> Callable[[], None]:
    from workers.submission.bulk_enqueue import enqueue_many
    from workers.submission.submissions import Submission

    def work() -> None:
        asked = (Submission(task_type=TASK_TYPE, payload=PAYLOAD, user_id=user) for user in users)
        for outcome in enqueue_many(asked):
            if outcome.run is None or outcome.run.status != "queued":
                raise RuntimeError(f"not published: {outcome}")

    return work


def _bare(users: list[int]) -> Callable[[], None]:
    from workers.messaging.publish import celery_app, message_of
    from workers.models import TaskRun

    app, runs = celery_app(), list(TaskRun.objects.filter(user__in=users))

    def work() -> None:
        with app.producer_or_acquire() as producer:
            for run in runs:
                app.send_task(producer=producer, **message_of(run))

    return work


def _delay(users: list[int]) -> Callable[[], None]:
    from workers.messaging.publish import celery_app
    from workers.task_types import celery_name

    task = celery_app().tasks[celery_name(TASK_TYPE)]

    def work() -> None:
        for user in users:
            task.delay(task_type=TASK_TYPE, payload=PAYLOAD, user_id=user)

    return work


def _table(rates: dict[str, float]) -> str:
    slowest = min(rates.values())
    lines = [f"{f'{USERS:,} users':44}{'users/s':>9}{'ratio':>8}"]
    lines += [f"{name:44}{rate:9,.0f}{rate / slowest:7.1f}x" for name, rate in rates.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
