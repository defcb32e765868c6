"""Streams an attempt's tokens to SSE subscribers.

Only text is told as it comes. Where the answer is to be JSON, pieces of it are of no use to anyone
before it is whole and valid: of these attempts the beginning and the end are told.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from workers.backends import unopened_thinking
from workers.runs.models import Attempt
from workers.runs.run_json import attempt_json
from workers.streaming import publisher
from workers.streaming.cursors import Take
from workers.task_types import TaskType


@contextmanager
def spoken(
    attempt: Attempt, kind: TaskType, take: Take, lost: threading.Event
) -> Iterator[Callable[[str], None] | None]:
    """Around the call of a model. Yields what shall hear its words, if anything shall."""
    begun = {**attempt_json(attempt), "number": take.attempt, "outcome": None}
    begins_inside = unopened_thinking.is_expected(attempt.host, attempt.model)
    telling = publisher.current().telling(
        attempt.run_id, take, begun, lost, begins_inside=begins_inside
    )
    try:
        yield telling.say if kind.output_schema is None else None
    finally:
        telling.end()
