"""Events as bytes, which clients of every kind read line by line."""

import json

from hypothesis import example, given
from hypothesis import strategies as st

from workers.streaming.cursors import START
from workers.streaming.diff import Event
from workers.streaming.sse import events_encode


@given(st.text(st.characters(exclude_categories=["Cs"])))
@example("data: no\n\nevent: end\r\nid: 0\r")
@example("what only some take for a line's end: \x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
def test_whatever_a_model_writes_its_event_has_three_lines(text):
    encoded = events_encode([Event("text", {"delta": text}, START)]).decode()
    # By the standard lines end at CR and LF alone; many clients split at more than that.
    number, name, data, empty = encoded.splitlines()
    assert (number, name, empty) == (f"id: {START}", "event: text", "")
    assert json.loads(data.removeprefix("data: ")) == {"delta": text}
