"""Reads the header of a GGUF file: its metadata and how many parameters its tensors hold.

Long lists (the vocabulary) come back empty, as in Ollama's own ``/api/show``.
"""

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

MAGIC = b"GGUF"
LONGEST_LIST = 5
STRING, ARRAY = 8, 9
NUMBERS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}

Value = str | int | float | bool | list["Value"]


@dataclass(frozen=True)
class Header:
    """What a GGUF file says about itself."""

    metadata: dict[str, Value]
    parameter_count: int

    def text(self, key: str) -> str:
        return str(self.metadata.get(key, ""))

    def number(self, key: str) -> int:
        value = self.metadata.get(key)
        return value if isinstance(value, int) else 0


def read_header(path: Path) -> Header:
    """The header of the file. Raises ``ValueError`` when it is not GGUF."""
    with path.open("rb") as file:
        if file.read(4) != MAGIC:
            raise ValueError(f"{path} is not a GGUF file")
        _version, tensors, pairs = _unpack(file, "IQQ")
        metadata = {_string(file): _value(file, *_unpack(file, "I")) for _ in range(pairs)}
        return Header(metadata, sum(_tensor_size(file) for _ in range(tensors)))


def _unpack(file: BinaryIO, layout: str) -> tuple[int, ...]:
    packed = file.read(struct.calcsize("<" + layout))
    try:
        return struct.unpack("<" + layout, packed)
    except struct.error as error:
        raise ValueError(f"{file.name} ends within its header") from error


def _string(file: BinaryIO) -> str:
    (length,) = _unpack(file, "Q")
    return file.read(length).decode(errors="replace")


def _value(file: BinaryIO, kind: int) -> Value:
    if kind == STRING:
        return _string(file)
    if kind == ARRAY:
        return _list(file)
    if kind not in NUMBERS:
        raise ValueError(f"{file.name} has a value of unknown kind {kind}")
    return _unpack(file, NUMBERS[kind])[0]


def _list(file: BinaryIO) -> list[Value]:
    kind, length = _unpack(file, "IQ")
    values = [_value(file, kind) for _ in range(length)]
    return values if length <= LONGEST_LIST else []


def _tensor_size(file: BinaryIO) -> int:
    _string(file)
    (dimensions,) = _unpack(file, "I")
    sizes = _unpack(file, f"{dimensions}Q")
    _unpack(file, "IQ")
    return math.prod(sizes)
