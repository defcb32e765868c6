"""How origins name rows, and how a place is cut to travel."""

import re
from functools import lru_cache
from typing import NamedTuple

from llmconfig.values.texts import json_size

#: Of a place on the wire, as JSON escapes it: many of them travel in one header.
PLACE_BYTES = 48

_ROW = re.compile(r"preference ([0-9]{1,19}) v([0-9]{1,10})", re.ASCII)


class RowVersion(NamedTuple):
    """A stored preference as it was at one version."""

    id: int
    version: int

    @property
    def place(self) -> str:
        return f"preference {self.id} v{self.version}"


def row_of(place: str) -> RowVersion | None:
    """The row that a place names, also in the decision of an old run; None for other places."""
    found = _ROW.fullmatch(place)
    return RowVersion(*map(int, found.groups())) if found else None


@lru_cache(maxsize=4096)
def place_cut(place: str) -> str:
    """The place's end, which tells more than its start: it has the file's name and line."""
    room = PLACE_BYTES + len('""')
    if json_size(place) <= room:
        return place
    end = place[-PLACE_BYTES:]
    while json_size(end) > room - len("..."):
        end = end[1:]
    return f"...{end}"
