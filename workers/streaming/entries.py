"""Reader of the entries of a run's Redis stream (`workers.streaming.keys`). Pure."""

import json
from collections.abc import Mapping
from dataclasses import replace

from workers.streaming.cursors import Take
from workers.streaming.diff import View

Entry = Mapping[bytes, bytes]


def entry_apply(view: View, entry: Entry) -> View:
    """The view after an entry. One of an earlier take changes nothing: a worker that has lost its
    claim wrote it. Neither does one that was read before, that misses something, or is none."""
    try:
        take = Take(*map(int, entry[b"take"].decode().split(".")))
        if take < view.take:
            return view
        if take > view.take:
            view = replace(view, take=take, begun=None, text="")
        if b"begun" in entry:
            return replace(view, begun=json.loads(entry[b"begun"]))
        return _said(view, int(entry[b"at"]), entry[b"text"].decode())
    except (KeyError, ValueError, TypeError):
        # Another release, or anyone, may write there.
        return view


def _said(view: View, at: int, words: str) -> View:
    is_known = at + len(words) <= len(view.text)
    if is_known or not 0 <= at <= len(view.text):
        return view
    return replace(view, text=view.text[:at] + words)
