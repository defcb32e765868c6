"""A report to be made: its person, week and reason."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from workers.reports.people import Place
from workers.reports.weeks import Week


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One person's report of one week."""

    user_id: int
    week: Week
    place: Place
    #: When its run may start; None: now.
    available_at: datetime | None = None

    @cached_property
    def bounds(self) -> tuple[datetime, datetime]:
        """The week's first moment and the next week's."""
        return self.week.bounds(self.place.zone)
