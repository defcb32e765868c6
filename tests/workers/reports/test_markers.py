"""No text of an entry is a token by which a model tells who speaks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.reports.markers import markers_defused
from workers.reports.parts import size

MARKERS = [
    "<|im_start|>", "<|im_end|>", "<|eot_id|>", "<|start_header_id|>", "<|endoftext|>", "<|user|>",
    "<｜User｜>", "<｜end▁of▁sentence｜>", "<|turn>", "<turn|>", "<s>", "</s>", "<bos>", "<eos>",
    "<start_of_turn>", "<end_of_turn>", "[INST]", "[/INST]", "[SYSTEM_PROMPT]", "[TOOL_CALLS]",
]  # fmt: skip
PIECES = st.sampled_from([*MARKERS, "<", ">", "|", "[", "]", "<|", "|>", "(", ")", "\n", " ", "s"])


@pytest.mark.parametrize("marker", MARKERS)
def test_a_marker_has_round_brackets(marker):
    assert markers_defused(f"x{marker}y") == f"x({marker[1:-1]})y"


@pytest.mark.parametrize(
    "text",
    ["<b>bold</b>", "List<String>", "a < b | c > d", "[x] done", "[WIP] login", "a || b", "1 <| 2"],
)
def test_other_brackets_stay(text):
    assert markers_defused(text) == text


@given(pieces=st.lists(PIECES | st.text(max_size=3), max_size=30))
def test_whatever_they_are_put_into_no_marker_is_left_and_no_byte_is_added(pieces):
    text = "".join(pieces)
    defused = markers_defused(text)
    assert not any(marker in defused for marker in MARKERS)
    assert size(defused) == size(text)
