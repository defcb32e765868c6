"""Reads of runs: those that a person may see, with the filters of lists."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Now
from django.db.models.lookups import Exact

from llmconfig.database.model_expressions import normal_model
from llmconfig.values.model_names import normalise_model
from workers.runs.errors import UnknownRun
from workers.runs.models import UNREAD, Attempt, TaskRun
from workers.runs.states import OPEN, Status

Person = AbstractBaseUser | AnonymousUser


def runs_visible(person: Person) -> QuerySet[TaskRun]:
    """A person's own runs; staff see all."""
    runs = TaskRun.objects.select_related("feedback")
    return runs if getattr(person, "is_staff", False) else runs.filter(user_id=str(person.pk))


def runs_for_telling(runs: QuerySet[TaskRun]) -> QuerySet[TaskRun]:
    """The runs with all that is told of one: its attempts, its feedback, and the tokens of its
    parts as ``parts_prompt_tokens`` and ``parts_completion_tokens``."""
    attempts = Attempt.objects.filter(~UNREAD, run__parent=OuterRef("pk"))
    of_parts = attempts.order_by().values("run__parent")
    tokens = {
        f"parts_{name}": Subquery(of_parts.annotate(total=Sum(name)).values("total"))
        for name in ("prompt_tokens", "completion_tokens")
    }
    told = runs.select_related("feedback").prefetch_related("attempts").annotate(**tokens)
    # A payload may have 256 KB, and is told to nobody.
    return told.defer("payload")


def run_visible(person: Person, run_id: str, *, with_payload: bool = False) -> TaskRun:
    """One of them with its attempts. Raises ``UnknownRun`` for everything else."""
    runs = runs_for_telling(runs_visible(person))
    try:
        return (runs.defer(None) if with_payload else runs).get(pk=uuid.UUID(run_id))
    except (ValueError, TaskRun.DoesNotExist):
        raise UnknownRun from None


def runs_narrowed(runs: QuerySet[TaskRun], wanted: Mapping[str, Any]) -> QuerySet[TaskRun]:
    """Those of the runs that are wanted: ``status`` (as it reads now), ``task_type``, ``model``
    (that answered), ``fallback_used``, ``created_after`` (inclusive), ``created_before``
    (exclusive), ``metadata`` (pairs that a run has), ``retry_of``, ``parent_id``, ``user``."""
    plain = {
        "task_type": "task_type",
        "fallback_used": "fallback_used",
        "created_after": "created_at__gte",
        "created_before": "created_at__lt",
        "metadata": "metadata__contains",
        "retry_of": "retry_of_id",
        "parent_id": "parent_id",
        "user": "user_id",
    }
    runs = runs.filter(**{plain[name]: value for name, value in wanted.items() if name in plain})
    if "status" in wanted:
        runs = runs.filter(_reads_as(wanted["status"]))
    if "model" in wanted:
        name = normalise_model(wanted["model"])
        runs = runs.filter(Exact(normal_model("model_used"), name))
    return runs


def _reads_as(status: str) -> Q:
    """An open run past its deadline reads as expired before anybody has written that."""
    late = Q(status__in=OPEN, deadline__lte=Now())
    if status == Status.EXPIRED:
        return Q(status=status) | late
    return Q(status=status) & ~late
