"""The schedule of the database, kept by one beat at a time.

Two beats may run: the one that leads sends, the other looks every second whether it may. The
entries of ``CELERY_BEAT_SCHEDULE`` are made where they are missing, at the start and when they were
deleted since; what staff change stays.
"""

import logging
import time
from typing import Any

from django.db import close_old_connections
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler, ModelEntry

from config.beat.leadership import Leadership, Standing
from llmconfig.database.faults import FAULT_CLASSES, kind_of
from llmconfig.database.outages import outage_log

logger = logging.getLogger(__name__)

#: How often who waits looks whether it may lead, and the leader proves that it does.
LOOK_SECONDS = 1.0
#: How often the leader looks for entries that are missing.
COMPLETE_SECONDS = 30.0
#: The wall clock was set when it went on so much more or less than time did.
CLOCK_JUMP_SECONDS = 30.0

TOLD = {
    Standing.LEADS: (logging.INFO, "This beat leads."),
    Standing.FOLLOWS: (logging.INFO, "Another beat leads; this one waits."),
    Standing.ALONE: (logging.WARNING, "The database is away; this beat waits."),
}


class Entry(ModelEntry):  # type: ignore[misc]  # published without types
    """A stored entry, which is not overwritten by its default."""

    @classmethod
    def from_entry(cls, name: str, app: Any = None, **entry: Any) -> Any:
        stored = PeriodicTask.objects.filter(name=name).first()
        return cls(stored, app=app) if stored else super().from_entry(name, app=app, **entry)

    def save(self) -> None:
        # The original writes the whole row, as it was when it was read a moment ago. One that staff
        # have disabled since begins anew when they enable it.
        enabled = PeriodicTask.objects.filter(pk=self.model.pk, enabled=True)
        enabled.update(
            last_run_at=self.model.last_run_at, total_run_count=self.model.total_run_count
        )

    def is_due(self) -> Any:
        now = self._default_now()
        if self.model.last_run_at > now:
            # A clock that was ahead for a while must not keep the entry from running until then.
            self.model.last_run_at = now
            self.save()
        self.last_run_at = self.model.last_run_at
        return super().is_due()


class Scheduler(DatabaseScheduler):  # type: ignore[misc]  # published without types
    """django-celery-beat's, while this beat leads."""

    Entry = Entry

    def __init__(self, *args: Any, leadership: Leadership | None = None, **kwargs: Any) -> None:
        self.leadership = leadership or Leadership()
        self.standing: Standing | None = None
        self._clock_offset = _clock_offset()
        self._complete_at = 0.0
        super().__init__(*args, **kwargs)
        self.max_interval = LOOK_SECONDS
        # Who leads next must know what was sent.
        self.sync_every_tasks = 1

    def setup_schedule(self) -> None:
        """Nothing: only the leader reads and writes."""

    def enabled_models_qs(self) -> Any:
        """All of them. The original leaves out crontabs of hours far from this one, and with them
        what was missed while no beat ran; it sends that up to two hours before its next time."""
        return self.Model.objects.enabled()

    def tick(self, *args: Any, **kwargs: Any) -> float:
        try:
            self._stand(self.leadership.ask())
            if self.standing is not Standing.LEADS:
                return LOOK_SECONDS
            self._mind_the_clock()
            self._complete()
            return float(super().tick(*args, **kwargs))
        except FAULT_CLASSES as error:
            if kind_of(error) is None:
                raise
            outage_log.fault(error)
            self.leadership.release()
            self._stand(Standing.ALONE)
            return LOOK_SECONDS

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        # To reach the broker may have taken longer than the lease.
        if self.leadership.held:
            super().apply_entry(entry, producer=producer)
        else:
            logger.warning("%s is left to the beat that leads now.", entry.name)

    def close(self) -> None:
        super().close()
        self.leadership.release()

    def _stand(self, standing: Standing) -> None:
        before, self.standing = self.standing, standing
        if standing is before:
            return
        logger.log(*TOLD[standing])
        # The one that we have may have ended with a restart of the database.
        close_old_connections()
        if standing is Standing.LEADS:
            self._forget()
            self._complete_at = 0.0

    def _complete(self) -> None:
        """Make the entries that are missing."""
        if time.monotonic() < self._complete_at:
            return
        wanted = self.app.conf.beat_schedule
        stored = PeriodicTask.objects.filter(name__in=wanted).values_list("name", flat=True)
        if missing := wanted.keys() - set(stored):
            if self._complete_at:
                logger.warning("Made again, as they were deleted: %s", ", ".join(sorted(missing)))
            self._forget()
            self.update_from_dict({name: wanted[name] for name in missing})
        self._complete_at = time.monotonic() + COMPLETE_SECONDS

    def _mind_the_clock(self) -> None:
        offset = _clock_offset()
        jump, self._clock_offset = offset - self._clock_offset, offset
        if abs(jump) > CLOCK_JUMP_SECONDS:
            logger.warning("The clock was set by %+.0f s; the schedule is read anew.", jump)
            self._forget()

    def _forget(self) -> None:
        """Have the schedule read anew; what was sent before is the database's to say."""
        self._dirty.clear()
        self._heap, self._initial_read = None, True


def _clock_offset() -> float:
    return time.time() - time.monotonic()
