"""Feed of one run in this process: its last known state and its subscribers."""

import asyncio
import uuid
from collections.abc import Iterable
from dataclasses import replace

from workers.streaming.diff import Row, View
from workers.streaming.entries import Entry, entry_apply

#: Before the first entry of any stream.
BEGINNING = b"0-0"


class Feed:
    """One run. Only on the event loop's thread."""

    def __init__(self, run_id: uuid.UUID, row: Row) -> None:
        self.run_id = run_id
        self.view = View(row=row)
        #: The last entry that was read.
        self.position = BEGINNING
        #: Set when its stream has been read, or cannot be.
        self.is_ready = asyncio.Event()
        self.watchers: set[asyncio.Event] = set()

    def take_row(self, row: Row) -> None:
        """The row is known to be this one now."""
        self.view = replace(self.view, row=row)
        self.tell()

    def take_entries(self, entries: Iterable[tuple[bytes, Entry]]) -> None:
        """These were read from the stream, behind the last position."""
        for position, entry in entries:
            self.position = position
            self.view = entry_apply(self.view, entry)
        self.tell()

    def read_anew(self) -> None:
        """Take the stream for another one: Redis may have been emptied, or is another server."""
        self.position = BEGINNING

    def tell(self) -> None:
        """Have everybody who watches see what is new to them."""
        for watcher in self.watchers:
            watcher.set()
