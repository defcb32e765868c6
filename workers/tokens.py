"""Estimating tokens by script, on the safe side. Pure.

No tokenizer is known: each model has its own, and Ollama counts only what it is asked to read. The
prices below are a bound for ordinary text, measured with those of SmolLM2, Llama 2, GPT-2 and
OpenAI's later ones (``tests/workers/test_tokens.py``): English costs about half more than a model
counts, digits and foreign scripts what the worst of these tokenizers counts. Only random letters
can cost more.
"""

import math
import re
from collections.abc import Iterator

#: One token for so many letters of a word. A capital begins another word, as in a tokenizer.
LETTERS = 3
#: More letters in a row are no word, but a hash or a key.
LONGEST_WORD = 24

#: ASCII word or its beginning, capitals, digit, blanks, any other character. The blank before a
#: word is a part of it.
_PIECE = re.compile(
    rf" ?([a-z]{{{LONGEST_WORD + 1}}})| ?([A-Z]?[a-z]+)| ?([A-Z]{{1,{LONGEST_WORD}}})"
    r"|([0-9])|( {1,16})|(.)",
    re.DOTALL,
)

#: Tokens of a character, up to (without) a code point; the first row that holds counts.
_PRICES: tuple[tuple[int, float], ...] = (
    (0x80, 1),  # punctuation, line ends
    (0x370, 2),  # Latin letters with marks
    (0x800, 1.5),  # Greek, Cyrillic, Hebrew, Arabic
    (0x900, 3),
    (0xE00, 1.8),  # the scripts of India
    (0xE80, 2.1),  # Thai
    (0x1E00, 3),
    (0x1F00, 2.5),  # Vietnamese
    (0x3000, 3),
    (0x3100, 2.2),  # Japanese syllables
    (0x4E00, 3),
    (0xA000, 2.5),  # Chinese
    (0xAC00, 3),
    (0xD7B0, 2.5),  # Korean
    (0xFF00, 3),
    (0xFFF0, 2.5),  # full-width punctuation
    (0x10000, 3),
    (0x110000, 4),  # emoji
)


def tokens_at_most(text: str) -> int:
    """Tokens that a model counts at most in ordinary text."""
    return math.ceil(round(sum(price for _end, price in _priced(text)), 3))


def prefix_of(text: str, tokens: int) -> int:
    """How many characters from the beginning cost at most so many tokens; words are not cut."""
    spent, fitting = 0.0, 0
    for end, price in _priced(text):
        spent += price
        if round(spent, 3) > tokens:
            break
        fitting = end
    return fitting


def _priced(text: str) -> Iterator[tuple[int, float]]:
    """The ends of the text's pieces, each with what it costs."""
    for piece in _PIECE.finditer(text):
        yield piece.end(), _price(piece)


def _price(piece: re.Match[str]) -> float:
    run, word, capitals, digit, blanks, other = piece.groups()
    if word:
        return -(-len(word) // LETTERS)
    if digit:
        return 1
    if other:
        code = ord(other)
        return next(price for end, price in _PRICES if code < end)
    if blanks:
        return 1 + len(blanks) // 4
    return len(run) / 2 if run else -(-len(capitals) // 2)
