"""Snapshot of a run as a whole and finished stream."""

from llmconfig.cache import server
from workers.runs.models import TaskRun
from workers.streaming import keys
from workers.streaming.cursors import Cursor
from workers.streaming.diff import View, news
from workers.streaming.entries import entry_apply
from workers.streaming.rows import row_of
from workers.streaming.sse import events_encode


def snapshot(run: TaskRun, told: Cursor) -> bytes:
    """What is news to a client that was told so much."""
    view = View(row=row_of(run))
    for _position, fields in _entries(run):
        pairs = iter(fields)
        view = entry_apply(view, dict(zip(pairs, pairs, strict=True)))
    return events_encode(news(view, told))


def _entries(run: TaskRun) -> list[tuple[bytes, list[bytes]]]:
    """The run's stream; none where Redis does not answer."""
    try:
        key = keys.stream_key(run.pk)
        found = server.current().ask(lambda wire: wire.call("XRANGE", key, "-", "+"))
    except server.Unavailable:
        return []
    return list(found)
