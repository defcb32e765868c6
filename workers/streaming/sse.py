"""Server-Sent Events as bytes (WHATWG HTML, section 9.2). Pure."""

import json
from collections.abc import Iterable

from workers.streaming.diff import Event

CONTENT_TYPE = "text/event-stream"
#: Nothing keeps it, and no proxy (nginx) holds it back.
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
HEARTBEAT = b":\n\n"
#: Lines end here for many clients, though not by the standard, and JSON leaves them as they are.
_LINE_ENDS = {end: f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"}


def events_encode(events: Iterable[Event]) -> bytes:
    """The events, each with its id."""
    return b"".join(map(_encode, events))


def retry_encode(milliseconds: int) -> bytes:
    """After how long a client whose stream ends comes back."""
    return b"retry: %d\n\n" % milliseconds


def _encode(event: Event) -> bytes:
    # JSON has its line ends escaped: one line of data is enough.
    data = json.dumps(event.data, ensure_ascii=False, separators=(",", ":"))
    for end, escaped in _LINE_ENDS.items():
        data = data.replace(end, escaped)
    return f"id: {event.cursor}\nevent: {event.name}\ndata: {data}\n\n".encode()
