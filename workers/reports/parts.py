"""The material of a report in parts that fit a model. Pure.

A part holds whole items in their order, as many as it has room for. An item that is longer than a
part is split, at a space where there is one: nothing is left out, and nothing is said twice. Sizes
are bytes of UTF-8: at three bytes a token (`workers.backend.attempt` reckons three characters) the
estimate is on the safe side in every script.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from workers.reports.markers import markers_defused

BYTES_PER_TOKEN = 3
#: An item is told at less than this beside its text: the dash, its date, its label.
FRAME = 64
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
    """The items in parts, each of which is told in ``room`` bytes; ``room`` is at least
    ``LEAST_ROOM``."""
    parts: list[list[Item]] = []
    left = 0
    for item in _pieces(items, room):
        needed = size(str(item)) + 1
        if not parts or needed > left:
            parts.append([])
            left = room
        parts[-1].append(item)
        left -= needed
    return parts


def _pieces(items: Sequence[Item], room: int) -> Iterator[Item]:
    for item in items:
        if size(str(item)) < room:
            yield item
        else:
            for text in _split(item.text, room - FRAME):
                yield Item(text=text, date=item.date, label=item.label)


def _split(text: str, room: int) -> Iterator[str]:
    while text:
        end = _fitting(text, room)
        if end < len(text):
            space = max(text.rfind(" ", end // 2, end), text.rfind("\n", end // 2, end))
            end = space + 1 if space >= 0 else end
        yield text[:end]
        text = text[end:]


def _fitting(text: str, room: int) -> int:
    """How many characters from the beginning are told in so many bytes."""
    # None takes less than a byte, so that no more of them can fit.
    told_sizes = accumulate(_told_size(character) for character in text[:room])
    return sum(1 for told_size in told_sizes if told_size <= room)


def _told_size(character: str) -> int:
    return len("\n  ") if _LINE_BREAK.fullmatch(character) else size(character)
