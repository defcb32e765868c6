"""A plausible tokenizer's counts, and the window that a prompt must fit.

Counted as a byte-pair tokenizer of English counts: an English word with the space before it is one
or two tokens, a digit, a Chinese character and a punctuation mark one each, an emoji three.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

#: Letters of a word that one token holds.
WORD_LETTERS = 6
#: Around each message, before the answer, and at the beginning: as ChatML with its marks.
PER_MESSAGE, PER_PROMPT = 5, 4
#: Tokens at the beginning that survive when a prompt is cut (``num_keep``).
KEEP = 4

_PIECE = re.compile(r" ?([A-Za-z]+)| ?([^\W\d_a-zA-Z\u2e80-\ud7ff\uf900-\ufaff]+)|(\s+)|(.)", re.S)


def count(text: str) -> int:
    """Tokens of a text."""
    return sum(map(_tokens, _PIECE.finditer(text)))


def _tokens(piece: re.Match[str]) -> int:
    english, foreign, space, single = piece.groups()
    if english is not None:
        return -(-len(english) // WORD_LETTERS)
    if foreign is not None:
        return -(-len(foreign) // 2)
    if space is not None:
        return 1
    return 3 if ord(single) > 0xFFFF else 1


def prompt_tokens(body: Mapping[str, Any]) -> int:
    """Tokens of a request's prompt, with the marks of the template around it."""
    texts = list(_texts(body))
    return PER_PROMPT + sum(PER_MESSAGE + count(text) for text in texts)


def _texts(body: Mapping[str, Any]) -> Iterable[str]:
    for message in body.get("messages") or ():
        yield str(message.get("content") or "")
    for key in ("system", "prompt"):
        if body.get(key):
            yield str(body[key])


def cut(window: int, keep: int = KEEP) -> int:
    """Tokens that remain of a prompt longer than the window: its first few and the end."""
    keep = min(max(keep, 0), window)
    return keep + (window - keep) // 2
