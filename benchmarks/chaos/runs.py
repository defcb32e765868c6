"""Runs of a stand: asking for them, and waiting for their ends."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks.chaos.stand import await_

#: What the fake answers to who asks for nothing else.
ANSWER = "This is the answer of {model}."


PAYLOADS = {
    "text_generation": {"prompt": "Why is the sky blue?"},
    "insight_generation": {"entries": ["Fixed the login", "Reviewed two changes"]},
}


def ask(model: str, fallback: str = "", *, kind: str = "text_generation", **stated: Any) -> Any:
    """Enqueue one run of a kind with the strongest layer of configuration."""
    from workers.submission.enqueue import enqueue

    return enqueue(
        task_type=f"TASK_TYPE_{kind.upper()}",
        payload=PAYLOADS[kind],
        request={"model": model, "fallback_model": fallback, **stated},
    )


def ended(runs: Sequence[Any], seconds: float) -> dict[Any, Any]:
    """The runs by id, as they are when all have ended or the time is up."""
    from workers.models import TaskRun
    from workers.runs.states import FINAL

    ids = [run.pk for run in runs]
    waiting = TaskRun.objects.filter(pk__in=ids).exclude(status__in=FINAL)
    await_(lambda: not waiting.exists(), seconds)
    return TaskRun.objects.prefetch_related("attempts").in_bulk(ids)


def lasted(run: Any) -> float:
    """Seconds from acceptance to the end; infinite while there is none."""
    if run.finished_at is None:
        return float("inf")
    seconds: float = (run.finished_at - run.created_at).total_seconds()
    return seconds


def outcomes(run: Any) -> list[str]:
    """The outcome of each attempt, oldest first; notes of skipped models left out."""
    return [str(a.outcome) for a in run.attempts.all() if a.number is not None]


def attempts_on(runs: Iterable[Any], model: str) -> int:
    """How many attempts these runs made on a model."""
    return sum(
        1 for run in runs for a in run.attempts.all() if a.model == model and a.number is not None
    )


def count_states(runs: Mapping[Any, Any]) -> str:
    """How many runs are in which state: ``498 succeeded, 2 failed``."""
    states = Counter(str(run.status) for run in runs.values())
    return ", ".join(f"{count} {state}" for state, count in states.most_common())
