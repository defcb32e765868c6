"""The scenarios. Each starts its own fleet and takes its own time, which its docstring tells."""

import time
from collections.abc import Sequence
from datetime import timedelta
from itertools import accumulate
from typing import Any

from benchmarks.fleet import Fleet, fleet, wait_for
from benchmarks.outages.figures import Figures
from workers.testing.behaviours import Ok, SlowFirstToken, Status
from workers.testing.reply import Exchange
from workers.testing.script import Step, always

PRIMARY, FALLBACK = "ok:3b", "ok:1b"


def primary_answers_503(outage_seconds: float = 60, every_seconds: float = 4) -> Figures:
    """The primary answers 503 for a minute while a request comes every four seconds; 90 s."""
    figures = Figures(scenario="The primary answers 503 for 60 s, a request every 4 s, 2 workers")
    with fleet(resident=[PRIMARY, FALLBACK]) as made:
        began = time.monotonic()
        made.ollama.script(PRIMARY, [Step(behaviour=Status(503), until_seconds=outage_seconds)])
        runs = []
        while time.monotonic() < began + outage_seconds + 5 * every_seconds:
            runs.append(made.accept())
            time.sleep(every_seconds)
        ended = [made.ended(run) for run in runs]
        calls = [x.began_at - began for x in made.ollama.requests("/api/chat", PRIMARY)]
    recovered = [call - outage_seconds for call in calls if call >= outage_seconds]
    figures.add("requests without an answer", _unanswered(ended), 0)
    figures.add("attempts on the primary", len(calls) - len(recovered), 8)
    figures.add("seconds until it is used again", min(recovered, default=1e9), 15)
    return figures


def primary_is_silent() -> Figures:
    """A resident primary says nothing, timeout 30 s, two retries configured; 35 s."""
    figures = Figures(scenario="The primary is loaded and silent, timeout 30 s, 2 retries")
    with fleet(workers=1, resident=[PRIMARY, FALLBACK]) as made:
        made.prefer(timeout_seconds=30, max_retries=2)
        made.ollama.script(PRIMARY, [always("silent")])
        _one_run(made, figures, promised_seconds=31)
    return figures


def first_token_is_late() -> Figures:
    """The first token comes after 20 s, where 10 s are allowed; 15 s."""
    figures = Figures(scenario="The first token comes after 20 s, 10 s are allowed")
    with fleet(workers=1, resident=[PRIMARY, FALLBACK]) as made:
        made.prefer(first_token_timeout_seconds=10, max_retries=2)
        made.ollama.script(PRIMARY, [always(SlowFirstToken(20))])
        _one_run(made, figures, promised_seconds=12)
    return figures


def host_is_away(parked: int = 1000, expiring: int = 50, concurrency: int = 4) -> Figures:
    """A thousand runs are parked while the model server is away, some of them until their
    deadline; then it returns. A minute or two."""
    from workers.states import Status as State

    figures = Figures(scenario=f"The model server is away, {parked} runs are parked, 2 workers")
    with fleet(concurrency=concurrency, resident=[PRIMARY, FALLBACK]) as made:
        made.ollama.script(PRIMARY, [always(Ok(delay=0.02))])
        made.ollama.stop()
        short = [made.accept(deadline_seconds=20) for _ in range(expiring)]
        runs = [made.accept() for _ in range(parked)]
        rows = _rows([*short, *runs])
        wait_for(lambda: not rows.exclude(parked_on=made.ollama.host).filter(
            status__in=[State.PENDING, State.QUEUED, State.RUNNING]).exists(), 120)  # fmt: skip
        late = max(_overdue(made.ended(run)) for run in short)
        made.ollama.start()
        back = time.monotonic()
        wait_for(lambda: made.ollama.requests("/api/chat"), 60)
        first = made.ollama.requests("/api/chat")[0].began_at - back
        wait_for(lambda: rows.filter(status=State.SUCCEEDED).count() == parked, 300)
        figures.add("seconds until the first goes on", first, 5)
        figures.add("seconds that an expired one is late", late, 5)
        chats = made.ollama.requests("/api/chat")
        figures.add("generations at once", _most_at_once(chats), 2 * concurrency)
        # Beside the slots, each process may ask whether the server is there.
        figures.add("requests at once", _most_at_once(made.ollama.log), 2 * concurrency + 2)
        figures.add("runs lost", parked + expiring - rows.count(), 0)
        figures.add("seconds until all are answered", time.monotonic() - back, 60)
    return figures


ALL = (primary_answers_503, primary_is_silent, first_token_is_late, host_is_away)


def _one_run(made: Fleet, figures: Figures, *, promised_seconds: float) -> None:
    run = made.ended(made.accept())
    figures.add("requests without an answer", _unanswered([run]), 0)
    figures.add("answered by another than the fallback", run.model_used != FALLBACK, 0)
    took = (run.finished_at - run.created_at).total_seconds()
    figures.add("seconds to the answer", took, promised_seconds)
    figures.add("attempts on the primary", len(made.ollama.requests("/api/chat", PRIMARY)), 1)


def _unanswered(runs: list[Any]) -> int:
    return sum(run.status != "succeeded" for run in runs)


def _rows(runs: list[Any]) -> Any:
    from workers.models import TaskRun

    return TaskRun.objects.filter(pk__in=[run.pk for run in runs])


def _overdue(run: Any) -> float:
    """Seconds from the deadline to the end; a run that did not expire has none to show."""
    late: timedelta = run.finished_at - run.deadline
    return late.total_seconds() if run.status == "expired" else 1e9


def _most_at_once(exchanges: Sequence[Exchange]) -> int:
    """The most of them that were under way at one moment."""
    moves = [(x.began_at, 1) for x in exchanges] + [(x.ended_at or 1e18, -1) for x in exchanges]
    return max(accumulate(step for _moment, step in sorted(moves)), default=0)
