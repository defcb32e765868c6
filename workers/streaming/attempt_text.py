"""Write buffer for one attempt's text, on its way to Redis.

The words of the whole attempt are kept until it ends (`MAX_CHARACTERS` bounds them), where Redis is
away for a minute more: so nothing is lost, and if it comes back empty everything is said again from
the beginning. Of what ended long ago the row tells.
"""

import json
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from workers.streaming import keys
from workers.streaming.cursors import Take
from workers.streaming.text_filter import Tidy

Command = tuple[str | int, ...]

#: How long what has ended is kept for a Redis that does not take it.
ENDED_SECONDS = 60.0


class Telling:
    """One attempt. ``say`` and ``end`` may be called from any thread, the rest from the publisher's
    alone."""

    def __init__(
        self,
        run_id: uuid.UUID,
        take: Take,
        begun: Mapping[str, Any],
        *,
        lost: threading.Event,
        wake: Callable[[], None],
        tidy: Tidy,
    ) -> None:
        self.run_id, self.take = run_id, take
        #: Whoever has lost the claim has nothing to say any more.
        self._lost, self._wake = lost, wake
        self._begun = json.dumps(begun, separators=(",", ":"))
        self._heard: deque[str] = deque()
        self._tidy = tidy
        self._text = ""
        self._sent = 0
        self._is_begun = False
        self._ended_at: float | None = None
        self._is_ending = False
        self._is_told = False

    def say(self, words: str) -> None:
        """The model has written this. Takes no time."""
        self._heard.append(words)
        self._wake()

    def end(self) -> None:
        """The attempt is over: nothing is said after this."""
        self._ended_at = time.monotonic()
        self._wake()

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to send, or it is of no use to anybody any more."""
        return self._is_told or self._lost.is_set() or self._is_old

    @property
    def _is_old(self) -> bool:
        return self._ended_at is not None and time.monotonic() >= self._ended_at + ENDED_SECONDS

    def commands(self) -> list[Command]:
        """What brings the stream up to now; call `sent` when Redis has taken it."""
        if self.is_over:
            return []
        self._is_ending = self._ended_at is not None
        self._listen()
        key = keys.stream_key(self.run_id)
        entry = ("MAXLEN", "~", keys.MOST_ENTRIES, "*", "take", str(self.take))
        commands: list[Command] = []
        if not self._is_begun:
            commands.append(("XADD", key, *entry, "begun", self._begun))
            commands.append(("EXPIRE", key, keys.LIFETIME_SECONDS))
        if text := self._text[self._sent :]:
            commands.append(("XADD", key, "NOMKSTREAM", *entry, "at", self._sent, "text", text))
        if self._is_ending:
            commands.append(("EXPIRE", key, keys.ENDED_LIFETIME_SECONDS))
        return commands

    def sent(self, answers: list[Any]) -> None:
        """Redis has answered the commands. Where it has no stream to add to, it was emptied: all
        is said again."""
        if None in answers:
            self.begin_anew()
            return
        self._is_begun, self._sent = True, len(self._text)
        self._is_told = self._is_ending

    def begin_anew(self) -> None:
        """Say all again: Redis may not have it any more. Who has heard it hears nothing new."""
        self._is_begun, self._sent, self._is_told = False, 0, False
        self._wake()

    def _listen(self) -> None:
        heard = []
        while self._heard:
            heard.append(self._heard.popleft())
        self._text += self._tidy.show("".join(heard))
