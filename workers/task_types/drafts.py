"""Drafts: prompts built from entries, of which the oldest may be left out. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workers.task_types.prompts import Prompt


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A prompt that may be shortened. Entries go by their index, in the prompt's order."""

    #: What each entry adds to the prompt.
    texts: Sequence[str]
    #: ISO 8601; "" where an entry has none, which then is as old as the one before it.
    dates: Sequence[str]
    #: The prompt with some of the entries.
    render: "Callable[[Sequence[int]], Prompt]"
    #: Whether the entries are summaries of parts.
    of_summaries: bool = False
    #: What is known before any is left out.
    notes: tuple[Mapping[str, str], ...] = ()

    def newest_first(self) -> list[int]:
        """The entries by their dates; of one date, and without dates, the last is the newest."""
        dates = list(_filled(self.dates))
        return sorted(range(len(dates)), key=lambda index: (dates[index], index), reverse=True)


def _filled(dates: Iterable[str]) -> Iterable[str]:
    last = ""
    for date in dates:
        last = date or last
        yield last
