"""Estimating tokens by script, on the safe side. Pure.

No tokenizer is known: each model has its own, and Ollama counts only what it is asked to read. The
prices below are a bound for ordinary text, measured with those of SmolLM2, Llama 2, GPT-2 and
OpenAI's later ones (``tests/workers/task_types/test_tokens.py``): English costs about half more
than a model counts, digits and foreign scripts what the worst of these tokenizers counts. Only
random letters can cost more.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

#: One token for so many letters of a word, and for so many capitals in a row. A capital begins
#: another word, as in a tokenizer.
LETTERS, CAPITALS = 3, 2
#: More letters in a row are no word, but a hash or a key.
LONGEST_WORD = 24

_LETTERS = rf"[a-z]{{{LONGEST_WORD + 1}}}|[A-Z]?[a-z]{{1,{LONGEST_WORD}}}|[A-Z]{{1,{LONGEST_WORD}}}"
_WORD = re.compile(_LETTERS)
#: Blanks but the one before a word, which is a part of it.
_BLANKS = re.compile(r" {2,16}| (?![A-Za-z])")
_PIECE = re.compile(rf" ?({_LETTERS})|( {{1,16}})|(.)", re.DOTALL)

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
    words = sum(map(_word_price, _WORD.findall(text)))
    blanks = sum(map(_blanks_price, _BLANKS.findall(text)))
    others = sum(
        times * _character_price(character)
        for character, times in Counter(text).items()
        if not (character == " " or (character.isascii() and character.isalpha()))
    )
    return math.ceil(round(words + blanks + others, 3))


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
    letters, blanks, other = piece.groups()
    if letters:
        return _word_price(letters)
    return _blanks_price(blanks) if blanks else _character_price(other)


@lru_cache(maxsize=8192)
def _word_price(letters: str) -> float:
    length = len(letters)
    if length > LONGEST_WORD:
        return length / 2
    return -(-length // (CAPITALS if letters.isupper() else LETTERS))


def _blanks_price(blanks: str) -> float:
    return 1 + len(blanks) // 4


@lru_cache(maxsize=8192)
def _character_price(character: str) -> float:
    code = ord(character)
    return next(price for end, price in _PRICES if code < end)
