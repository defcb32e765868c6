"""Reads the header of a GGUF file: its metadata and its tensors' names, types and shapes."""

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

MAGIC = b"GGUF"
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

#: Types of tensors, as far as weights this small are published.
TENSOR_TYPES = {0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 8: "Q8_0", 12: "Q4_K", 14: "Q6_K"}

Value = str | int | float | bool | list["Value"]


@dataclass(frozen=True)
class Tensor:
    """One tensor, without its numbers."""

    name: str
    type: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Header:
    """What a GGUF file says about itself."""

    metadata: dict[str, Value]
    tensors: tuple[Tensor, ...]

    @property
    def parameter_count(self) -> int:
        return sum(math.prod(tensor.shape) for tensor in self.tensors)

    def text(self, key: str) -> str:
        return str(self.metadata.get(key, ""))

    def number(self, key: str) -> int:
        value = self.metadata.get(key)
        return value if isinstance(value, int) else 0

    def texts(self, key: str) -> list[str]:
        return [item for item in self._list(key) if isinstance(item, str)]

    def numbers(self, key: str) -> list[int]:
        return [item for item in self._list(key) if isinstance(item, int)]

    def _list(self, key: str) -> list[Value]:
        value = self.metadata.get(key)
        return value if isinstance(value, list) else []


def read_header(path: Path) -> Header:
    """The header of the file. Raises ``ValueError`` when it is not GGUF."""
    with path.open("rb") as file:
        if file.read(4) != MAGIC:
            raise ValueError(f"{path} is not a GGUF file")
        _version, tensors, pairs = _unpack(file, "IQQ")
        metadata = {_string(file): _value(file, *_unpack(file, "I")) for _ in range(pairs)}
        return Header(metadata, tuple(_tensor(file) for _ in range(tensors)))


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
    return [_value(file, kind) for _ in range(length)]


def _tensor(file: BinaryIO) -> Tensor:
    name = _string(file)
    (dimensions,) = _unpack(file, "I")
    shape = _unpack(file, f"{dimensions}Q")
    kind, _offset = _unpack(file, "IQ")
    return Tensor(name, TENSOR_TYPES.get(kind, "unknown"), shape)
