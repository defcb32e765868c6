"""What chat templates write between those who speak, made harmless in a text. Pure.

A model server reads such a marker as a token of its own wherever it stands: an entry with
``<|im_end|>`` would end the request, and begin another. With round brackets it is none, in as many
bytes.
"""

import re

_MARKER = re.compile(
    # <|im_end|>, <|turn>, <end|>, and the wide bars of some.
    r"<(?P<barred>[|｜][^<>\[\]\n]{1,60}|[^<>\[\]\n]{1,60}[|｜])>"
    r"|<(?P<named>/?(?:s|bos|eos|pad|unk|start_of_turn|end_of_turn))>"
    r"|\[(?P<bracketed>/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS))\]"
)


def markers_defused(text: str) -> str:
    """The text without a marker in it."""
    return _MARKER.sub(lambda found: f"({found[found.lastgroup or 0]})", text)
