"""Submissions: validated requests before they are resolved and stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from workers.runs.models import TaskRun


@dataclass(frozen=True, kw_only=True)
class Submission:
    """One run that is asked for; the fields mean what they mean to ``enqueue``."""

    task_type: str
    payload: Mapping[str, Any]
    user_id: int | None = None
    priority: str = "normal"
    #: Shorter than the configured one, or None.
    deadline_seconds: int | None = None
    metadata: Mapping[str, str] | None = None
    #: The strongest layer of configuration.
    request: Mapping[str, Any] | None = None
    #: One run for one key, for ever: a key that is taken stands for its run.
    idempotency_key: str | None = None
    #: None: now.
    available_at: datetime | None = None
    #: The run that this one is a part of.
    parent_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one submission: its run, or why there is none."""

    submission: Submission
    run: TaskRun | None = None
    error: Exception | None = None
    #: False: the run was there before, under the same idempotency key.
    is_new: bool = True
