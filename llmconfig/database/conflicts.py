"""Retry of transactions that the database rolled back for another's sake: deadlock, serialization.

PostgreSQL expects that: the same transaction, begun anew, usually succeeds. A few times at once,
with jitter; after that the conflict is the caller's.
"""

import functools
import logging
import random
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection

from llmconfig.database.faults import Kind, cause_text, kind_of

logger = logging.getLogger(__name__)

#: The first included.
TRIES = 4
#: The longest pause before the second try; it doubles.
PAUSE_SECONDS = 0.05

P = ParamSpec("P")
T = TypeVar("T")


def conflicts_retried(work: Callable[P, T]) -> Callable[P, T]:
    """Decorator: have a function that is one transaction, or none yet, run again after a conflict.

    Within a transaction it runs once: only the outermost can begin anew. What it does beside the
    database must bear repetition.
    """

    @functools.wraps(work)
    def tried(*args: P.args, **kwargs: P.kwargs) -> T:
        for number in range(1, TRIES):
            try:
                return work(*args, **kwargs)
            except OperationalError as error:
                if connection.in_atomic_block or kind_of(error) is not Kind.CONFLICT:
                    raise
                logger.info("%s is tried again: %s", work.__qualname__, cause_text(error))
            longest = PAUSE_SECONDS * 2 ** (number - 1)
            time.sleep(random.uniform(0, longest))  # noqa: S311  (jitter)
        return work(*args, **kwargs)

    return tried
