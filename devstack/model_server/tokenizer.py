"""Byte-pair encoding with the vocabulary of the weights: the engine's own token ids.

The engine itself reports only how many tokens a prompt has, and that while it generates.
"""

import heapq
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from devstack.model_server.gguf import Header

#: ``tokenizer.ggml.token_type`` of tokens that are found in a text before anything else.
CONTROL, USER_DEFINED = 3, 4
CACHED_WORDS = 2**15
#: GPT-2's words, in a text without digits.
_WORD = re.compile(
    r"'s|'t|'re|'ve|'m|'ll|'d| ?[^\W_]+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+",
)


def _letters_of_bytes() -> dict[int, str]:
    """GPT-2's letter for each byte: itself where that is printable, else one beyond Latin-1."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = (byte for byte in range(256) if byte not in printable)
    beyond = {byte: chr(0x100 + place) for place, byte in enumerate(others)}
    return {byte: beyond.get(byte, chr(byte)) for byte in range(256)}


_LETTERS = _letters_of_bytes()


class Tokenizer:
    """Encodes texts. Safe in any thread."""

    def __init__(self, header: Header) -> None:
        tokens = header.texts("tokenizer.ggml.tokens")
        self._ids = {token: number for number, token in enumerate(tokens)}
        merges = header.texts("tokenizer.ggml.merges")
        self._ranks = {tuple(merge.split(" ")): rank for rank, merge in enumerate(merges)}
        kinds = zip(tokens, header.numbers("tokenizer.ggml.token_type"), strict=True)
        special = [token for token, kind in kinds if kind in (CONTROL, USER_DEFINED) and token]
        longest_first = sorted(special, key=len, reverse=True)
        self._special = re.compile(f"({'|'.join(map(re.escape, longest_first))})")
        self._cached = lru_cache(CACHED_WORDS)(self._encoded)

    def ids(self, text: str) -> list[int]:
        """The token ids of a text, marks such as ``<|im_end|>`` included."""
        found: list[int] = []
        for place, part in enumerate(self._special.split(text)):
            if place % 2:
                found.append(self._ids[part])
            else:
                for word in _words(part):
                    found += self._cached(word)
        return found

    def _encoded(self, word: str) -> Sequence[int]:
        symbols = [_LETTERS[byte] for byte in word.encode()]
        return tuple(self._ids[symbol] for symbol in self._merged(symbols))

    def _merged(self, symbols: list[str]) -> list[str]:
        """Merge neighbours, the lowest rank first and of one rank the leftmost."""
        following = list(range(1, len(symbols) + 1))
        previous = list(range(-1, len(symbols) - 1))
        waiting: list[tuple[int, int, str, str]] = []
        for place, (left, right) in enumerate(pairwise(symbols)):
            self._push(waiting, place, left, right)
        while waiting:
            _rank, place, left, right = heapq.heappop(waiting)
            after = following[place]
            if symbols[place] != left or after >= len(symbols) or symbols[after] != right:
                continue  # one of the two has been merged meanwhile
            symbols[place], symbols[after] = left + right, ""
            following[place] = behind = following[after]
            if behind < len(symbols):
                previous[behind] = place
                self._push(waiting, place, symbols[place], symbols[behind])
            if (before := previous[place]) >= 0:
                self._push(waiting, before, symbols[before], symbols[place])
        return [symbol for symbol in symbols if symbol]

    def _push(
        self, waiting: list[tuple[int, int, str, str]], place: int, left: str, right: str
    ) -> None:
        rank = self._ranks.get((left, right))
        if rank is not None:
            heapq.heappush(waiting, (rank, place, left, right))


def _words(text: str) -> Iterator[str]:
    """The words of a text; a digit is one of its own."""
    begin = 0
    for place, character in enumerate(text):
        if character.isnumeric() and not character.isalpha():
            yield from _WORD.findall(text[begin:place])
            yield character
            begin = place + 1
    yield from _WORD.findall(text[begin:])
