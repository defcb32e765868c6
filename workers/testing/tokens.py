"""A plausible tokenizer's counts.

As a byte-pair tokenizer of English counts: an English word with the space before it is one or two
tokens, a digit, a Chinese character and a punctuation mark one each, an emoji three.
"""

import re

from workers.testing.ollama_http.requests import Generation

#: Letters that one token holds: of an English word, and of one with other letters.
ENGLISH, FOREIGN = 6, 2
#: Around each message, and at the beginning and before the answer: as ChatML with its marks.
PER_MESSAGE, PER_PROMPT = 5, 4
_EMOJI = 3

_PIECE = re.compile(
    r"(?P<english> ?[A-Za-z]+)|(?P<foreign> ?[^\W\d_a-zA-Z\u2e80-\ud7ff\uf900-\ufaff]+)"
    r"|(?P<space>\s+)|(?P<single>.)",
    re.DOTALL,
)


def split(text: str) -> list[str]:
    """The tokens of a text; of a character that takes several, the last are empty."""
    return [token for piece in _PIECE.finditer(text) for token in _tokens(piece)]


def _tokens(piece: re.Match[str]) -> list[str]:
    text = piece[0]
    if piece["single"] or piece["space"]:
        return [text, *[""] * (_EMOJI - 1)] if ord(text[0]) > 0xFFFF else [text]
    size = ENGLISH if piece["english"] else FOREIGN
    # The space before a word is part of its first token.
    first = size + text.startswith(" ")
    rest = [text[start : start + size] for start in range(first, len(text), size)]
    return [text[:first], *rest]


def count(text: str) -> int:
    """Tokens of a text."""
    return len(split(text))


def prompt_tokens(generation: Generation) -> int:
    """Tokens of a request's prompt, with the marks of the template around it."""
    if generation.raw:
        return max(1, count(generation.prompt))
    texts = [str(message.get("content", "")) for message in generation.messages]
    texts += [text for text in (generation.system, generation.prompt) if text]
    before = len(generation.context)
    return before + PER_PROMPT + sum(PER_MESSAGE + count(text) for text in texts)
