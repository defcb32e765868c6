"""Extension points of a worker process: background threads, retention and doctor checks of an app.

An app registers what it adds in ``AppConfig.ready``; ``workers.reports`` is one such app.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise

from workers.background_thread import BackgroundThread

#: From the queues that a worker consumes to the thread it shall have; None for no thread.
ThreadFactory = Callable[[Collection[str]], BackgroundThread | None]


@dataclass(frozen=True, kw_only=True)
class DoctorCheck:
    """One question that the doctor asks beside its own."""

    #: A stable word, as in `workers.process.doctor.examination.TITLES`.
    code: str
    title: str | Promise
    subject: str | Promise
    #: What is wrong in one sentence; "" for nothing. May raise DatabaseError.
    look: Callable[[], str]


thread_factories: list[ThreadFactory] = []
#: Each deletes what its app keeps from before a moment.
prunings: list[Callable[[datetime], object]] = []
doctor_checks: list[DoctorCheck] = []


def threads_of(queues: Collection[str]) -> list[BackgroundThread]:
    """The threads that apps add to a worker of these queues."""
    made = (factory(queues) for factory in thread_factories)
    return [thread for thread in made if thread is not None]
