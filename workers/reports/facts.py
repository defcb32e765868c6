"""The facts of a week: counted by us from the rows of its runs, never written by a model.

A run belongs to the week in which it ended, in the person's zone, whatever its end. Runs that write
a report, and the parts they are written from, belong to no week: what writing took is told apart.
Tokens, seconds and models are those of all attempts, failed ones and fallbacks included.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum

from llmconfig.values.model_names import normalise_model
from workers.reports import REPORT_TYPE
from workers.reports.activity import LATEST
from workers.runs.models import UNREAD, Attempt, Feedback, TaskRun
from workers.runs.models.feedback import Rating

Facts = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Span:
    """Whose week, and its bounds: the first moment belongs to it, the last one to the next."""

    user_id: int
    starts_at: datetime
    ends_at: datetime


def facts_of(span: Span) -> Facts:
    """What the person's runs of the week come to.

    ``runs`` (``total``, ``by_task_type``: counts by status), ``models`` (each with ``attempts``,
    ``answers``, tokens and ``model_seconds``), ``fallbacks`` (``from``, ``to``, ``outcome``,
    ``cause``, ``runs``), ``usage`` (tokens), ``model_seconds``, ``feedback``.
    """
    runs = _runs(span)
    models = _models(Attempt.objects.filter(run__in=runs.values("pk")), _answers(runs))
    return {
        "runs": _counts(runs),
        "models": models,
        "fallbacks": _fallbacks(runs),
        **_totals(models),
        "feedback": feedback_of(span),
    }


def cost_of(run: TaskRun) -> Facts:
    """What a run took with its parts: ``parts`` (how many), ``models``, ``usage``,
    ``model_seconds``."""
    family = TaskRun.objects.filter(Q(pk=run.pk) | Q(parent=run.pk))
    members = list(family.values_list("pk", "model_used"))
    answers = Counter(normalise_model(model) for _pk, model in members if model)
    models = _models(Attempt.objects.filter(run__in=[pk for pk, _model in members]), answers)
    return {"parts": len(members) - 1, "models": models, **_totals(models)}


def feedback_of(span: Span) -> Facts:
    """How many results the person judged ``good`` and ``bad``, by when they said so last."""
    given = Feedback.objects.filter(
        user=span.user_id, updated_at__gte=span.starts_at, updated_at__lt=span.ends_at
    )
    return given.aggregate(
        good=Count("pk", filter=Q(rating=Rating.GOOD)),
        bad=Count("pk", filter=Q(rating=Rating.BAD)),
    )


def _runs(span: Span) -> QuerySet[TaskRun]:
    return TaskRun.objects.filter(
        user=span.user_id,
        parent=None,
        finished_at__gte=span.starts_at,
        finished_at__lt=span.ends_at,
        # Indexed, and true of all that ends within four weeks.
        created_at__gte=span.starts_at - LATEST,
        created_at__lt=span.ends_at,
    ).exclude(task_type=REPORT_TYPE, payload__has_key="report")


def _counts(runs: QuerySet[TaskRun]) -> Facts:
    rows = runs.order_by().values_list("task_type", "status").annotate(count=Count("pk"))
    by_type: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for task_type, status, count in sorted(rows):
        by_type[task_type][status] = count
    total = sum(sum(counts.values()) for counts in by_type.values())
    return {"total": total, "by_task_type": dict(by_type)}


def _answers(runs: QuerySet[TaskRun]) -> Counter[str]:
    """How many runs each model answered."""
    rows = runs.exclude(model_used="").order_by().values_list("model_used")
    answers: Counter[str] = Counter()
    for model, count in rows.annotate(count=Count("pk")):
        answers[normalise_model(model)] += count
    return answers


def _models(attempts: QuerySet[Attempt], answers: dict[str, int]) -> list[Facts]:
    """What each model did, by its one name."""
    rows = attempts.order_by().values_list("model").annotate(
        attempts=Count("pk", filter=Q(number__isnull=False)),
        prompt_tokens=Sum("prompt_tokens", filter=~UNREAD, default=0),
        completion_tokens=Sum("completion_tokens", default=0),
        duration_ms=Sum("duration_ms", default=0),
    )  # fmt: skip
    sums: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for model, *counts in rows:
        known = sums[normalise_model(model)]
        known[:] = [one + other for one, other in zip(known, counts, strict=True)]
    return [
        {
            "model": model,
            "attempts": tries,
            "answers": answers.get(model, 0),
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "model_seconds": milliseconds / 1000,
        }
        for model, (tries, prompt, completion, milliseconds) in sorted(sums.items())
    ]


def _totals(models: Iterable[Facts]) -> Facts:
    models = list(models)
    return {
        "usage": {
            "prompt_tokens": sum(model["prompt_tokens"] for model in models),
            "completion_tokens": sum(model["completion_tokens"] for model in models),
        },
        "model_seconds": sum(round(model["model_seconds"] * 1000) for model in models) / 1000,
    }


def _fallbacks(runs: QuerySet[TaskRun]) -> list[Facts]:
    """Why the fallback answered: how the last attempt of the other model ended."""
    last = (
        Attempt.objects.filter(run__in=runs.filter(fallback_used=True).values("pk"))
        .exclude(model=F("run__model_used"))
        .order_by("run_id", "-pk")
        .distinct("run_id")
        .values_list("model", "run__model_used", "outcome", "cause")
    )
    counted = Counter(
        (normalise_model(passed), normalise_model(answered), outcome, cause)
        for passed, answered, outcome, cause in last
    )
    return [
        {"from": passed, "to": answered, "outcome": outcome, "cause": cause or None, "runs": count}
        for (passed, answered, outcome, cause), count in sorted(counted.items())
    ]
