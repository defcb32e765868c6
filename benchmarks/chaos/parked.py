"""A thousand runs that are parked while the model server is away, and what its return looks like.

Some of them have a short deadline and must expire on time. The others must come back soon, all of
them, and without a storm: the server never sees more at once than the workers have slots.
"""

import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any

from benchmarks.chaos.runs import ask, ended
from benchmarks.chaos.stand import await_, stand
from benchmarks.chaos.verdict import Verdict

PRIMARY, FALLBACK, QUEUE = "ok:3b", "ok:1b", "llm.text_generation"
WORKERS, CONCURRENCY = 2, 4
PARKED, EXPIRING, DEADLINE_SECONDS = 1000, 50, 30


def main() -> int:
    verdict = Verdict("parked")
    with stand(
        workers={f"worker_{number}": [QUEUE] for number in range(WORKERS)},
        concurrency=CONCURRENCY,
        config={"default": {"model": PRIMARY}},
        script={"resident": [PRIMARY, FALLBACK]},
    ) as the_stand:
        the_stand.fake.kill()
        short = [ask(PRIMARY, deadline_seconds=DEADLINE_SECONDS) for _ in range(EXPIRING)]
        long = [ask(PRIMARY, FALLBACK) for _ in range(PARKED)]
        verdict.at_least("runs that are parked", _count_parked(len(long)), PARKED)
        late = [_overdue(run) for run in ended(short, DEADLINE_SECONDS + 60).values()]
        the_stand.fake.start()
        back = datetime.now(UTC).timestamp()
        runs = ended(long, seconds=300)
        log = the_stand.fake.log()
    chats = [entry for entry in log if entry["path"] == "/api/chat"]
    verdict.at_most("an expired run ends after its deadline", round(max(late), 1), 5, "s")
    first = min((_began(chat) - back for chat in chats), default=float("inf"))
    verdict.at_most("the first goes on after the server's return", round(first, 1), 5, "s")
    answered = sum(run.status == "succeeded" for run in runs.values())
    verdict.at_least(f"answered of {PARKED}", answered, PARKED)
    last = max((_began(chat) - back for chat in chats), default=float("inf"))
    verdict.at_most("the last goes on after the server's return", round(last, 1), 90, "s")
    verdict.at_most("generations", len(chats), PARKED)
    # Beside its slots, each worker may ask whether the server is there.
    verdict.at_most("requests at once", _most_at_once(log), WORKERS * (CONCURRENCY + 1))
    return verdict.end()


def _count_parked(wanted: int) -> int:
    """How many runs are parked, when it is so many or the time is up."""
    from workers.models import TaskRun

    parked = TaskRun.objects.exclude(parked_on="")
    await_(lambda: parked.count() >= wanted, 120)
    return parked.count()


def _overdue(run: Any) -> float:
    """Seconds from the deadline to the end; infinite where the run did not expire."""
    if run.status != "expired":
        return float("inf")
    seconds: float = (run.finished_at - run.deadline).total_seconds()
    return seconds


def _began(entry: dict[str, Any]) -> float:
    return datetime.fromisoformat(entry["at"]).timestamp()


def _most_at_once(log: Iterable[dict[str, Any]]) -> int:
    """The most requests that were under way at one moment."""
    moves = []
    for entry in log:
        began, seconds = _began(entry), entry["seconds"]
        moves += [(began, 1), (float("inf") if seconds is None else began + seconds, -1)]
    return max(accumulate(step for _moment, step in sorted(moves)), default=0)


if __name__ == "__main__":
    sys.exit(main())
