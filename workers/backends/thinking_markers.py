"""Table of the markers that models leak into their text: thinking, channels, special tokens. Pure.

Ollama parses thinking for the templates that it knows; others come through as they are written.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto

#: Blocks of thinking: what opens one and what closes it.
PAIRS = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "<reasoning>": "</reasoning>",
    "<seed:think>": "</seed:think>",
    "[THINK]": "[/THINK]",
    "◁think▷": "◁/think▷",
    "<|begin_of_thought|>": "<|end_of_thought|>",
    "<|START_THINKING|>": "<|END_THINKING|>",
    "<|channel>thought": "<channel|>",
}
#: Harmony (gpt-oss): a channel's name follows, then ``<|message|>``; ``final`` is the answer.
CHANNEL = "<|channel|>"
FINALS = ("<|channel|>final<|message|>", "<|channel|>final <|constrain|>json<|message|>")
#: Tokens that begin or end a message; no part of it, wherever a template forgot them.
STRAYS = (
    "<|im_start|>",
    "<|im_start|>assistant",
    "<|im_end|>",
    "<|begin_of_text|>",
    "<|start_header_id|>assistant<|end_header_id|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|end_of_text|>",
    "<|endoftext|>",
    "<|start|>",
    "<|start|>assistant",
    "<|message|>",
    "<|end|>",
    "<|return|>",
    "<|call|>",
    "<|assistant|>",
    "<|end_of_turn|>",
    "<start_of_turn>model",
    "<end_of_turn>",
    "<|START_RESPONSE|>",
    "<|END_RESPONSE|>",
    "<｜begin▁of▁sentence｜>",
    "<｜end▁of▁sentence｜>",
    "<｜Assistant｜>",
    "<|constrain|>json",
    "</s>",
)
#: Struck out text in HTML, whose end is the stray token of the same name.
STRUCK = "<s>"


class Kind(Enum):
    OPENER = auto()
    CLOSER = auto()
    CHANNEL = auto()
    STRAY = auto()
    STRUCK = auto()


@dataclass(frozen=True)
class Marker:
    """One marker in a text."""

    kind: Kind
    #: In lower case.
    name: str
    start: int
    end: int


_FLAGS = re.ASCII | re.IGNORECASE
_KINDS = {
    **{name.lower(): Kind.STRAY for name in STRAYS},
    **{name.lower(): Kind.OPENER for name in PAIRS},
    **{name.lower(): Kind.CLOSER for name in (*PAIRS.values(), *FINALS)},
    CHANNEL: Kind.CHANNEL,
    STRUCK: Kind.STRUCK,
}
_LONGEST_FIRST = sorted(_KINDS, key=len, reverse=True)
_ANY = re.compile("|".join(map(re.escape, _LONGEST_FIRST)), _FLAGS)
_CLOSERS = {
    opener.lower(): re.compile(re.escape(closer), _FLAGS) for opener, closer in PAIRS.items()
}
_FINAL_HEADER = re.compile(
    r"<\|channel\|>\s*final(?![a-z])(?:\s*<\|constrain\|>\s*\w*)?(?:\s*<\|message\|>)?", _FLAGS
)
_CHANNEL_END = re.compile(r"<\|end\|>|<\|return\|>|(?=<\|start\|>|<\|channel\|>)", _FLAGS)
_FIRST = frozenset(name[0] for name in _KINDS)


def next_marker(text: str, position: int) -> Marker | None:
    """The first marker from this position on."""
    return _marker(_ANY.search(text, position))


def marker_at(text: str, position: int) -> Marker | None:
    """The marker that stands at this position."""
    return _marker(_ANY.match(text, position))


def block_end(text: str, marker: Marker) -> int | None:
    """Where a block of thinking ends that this marker opens; None: not in this text."""
    if marker.kind is Kind.CHANNEL:
        found = _CHANNEL_END.search(text, marker.end)
    else:
        found = _CLOSERS[marker.name].search(text, marker.end)
    return found.end() if found else None


def final_end(text: str, position: int) -> int | None:
    """Where the header of the final channel ends that stands at this position; None: none does."""
    found = _FINAL_HEADER.match(text, position)
    return found.end() if found else None


def partial_start(text: str) -> int:
    """Where a marker may begin that the text's end cuts; the text's length where none does."""
    for position in range(max(0, len(text) - len(_LONGEST_FIRST[0])), len(text)):
        if text[position] in _FIRST and _is_cut(text[position:].lower()):
            return position
    return len(text)


def _is_cut(end: str) -> bool:
    return any(len(name) > len(end) and name.startswith(end) for name in _LONGEST_FIRST)


def _marker(found: re.Match[str] | None) -> Marker | None:
    if found is None:
        return None
    name = found[0].lower()
    return Marker(_KINDS[name], name, found.start(), found.end())
