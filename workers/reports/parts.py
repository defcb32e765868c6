"""The material of a report in parts that fit a model. Pure.

A part holds whole items in their order, as many as it has room for. An item that is longer than a
part is split, between words: nothing is left out, and nothing is said twice. Rooms are tokens, of
which `workers.task_types.tokens` estimates on the safe side how many a text has.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from workers.reports.markers import markers_defused
from workers.task_types.tokens import prefix_of, tokens_at_most

#: An item costs at most this beside its text: the dash, its date, its label.
FRAME = 32
#: The least that a part has room for.
LEAST_ROOM = 4 * FRAME

_LINE_BREAK = re.compile("\r\n|[\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]")


@dataclass(frozen=True, kw_only=True)
class Item:
    """One thing that is told to the model."""

    text: str
    #: ISO 8601, or "" where it has none.
    date: str = ""
    #: What it is, where it is no entry.
    label: str = ""

    def __str__(self) -> str:
        """As the model reads it: further lines are indented, so that none looks like an item, and
        nothing in it looks like the end of the request."""
        label = f"[{self.label}]" if self.label else ""
        frame = " ".join(filter(None, ["-", self.date, label]))
        colon = ":" if frame != "-" else ""
        return f"{frame}{colon} " + _LINE_BREAK.sub("\n  ", markers_defused(self.text))


def told(items: Sequence[Item]) -> str:
    """The items as the model reads them."""
    return "\n".join(map(str, items))


def size(text: str) -> int:
    """Bytes of UTF-8."""
    return len(text.encode(errors="surrogatepass"))


def divide(items: Sequence[Item], room: int) -> list[list[Item]]:
    """The items in parts, each of at most ``room`` tokens; ``room`` is at least ``LEAST_ROOM``."""
    parts: list[list[Item]] = []
    left = 0
    for item, needed in _pieces(items, room):
        if not parts or needed > left:
            parts.append([])
            left = room
        parts[-1].append(item)
        left -= needed
    return parts


def _pieces(items: Sequence[Item], room: int) -> Iterator[tuple[Item, int]]:
    """Items that each have room, with their tokens and the line's end."""
    for item in items:
        needed = tokens_at_most(str(item)) + 1
        if needed <= room:
            yield item, needed
            continue
        for text in _split(item.text, room - FRAME):
            piece = Item(text=text, date=item.date, label=item.label)
            yield piece, tokens_at_most(str(piece)) + 1


def _split(text: str, room: int) -> Iterator[str]:
    while text:
        end = _fitting(text, room)
        if end < len(text):
            space = max(text.rfind(" ", end // 2, end), text.rfind("\n", end // 2, end))
            end = space + 1 if space >= 0 else end
        yield text[:end]
        text = text[end:]


def _fitting(text: str, room: int) -> int:
    """How many characters from the beginning are told in so many tokens."""
    end = prefix_of(text, room)
    # Line ends are told indented, which costs more.
    while tokens_at_most(_LINE_BREAK.sub("\n  ", text[:end])) > room:
        end = end * 3 // 4
    return end
