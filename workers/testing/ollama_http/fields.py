"""Fields of a body, decoded as Go decodes JSON into a struct: types are exact, null is absent.

The first field of a wrong type is the refusal, unless a later one has a complaint of its own
(``keep_alive``, ``think``). Unknown fields are ignored.
"""

from collections.abc import Callable, Mapping
from typing import Any

from workers.testing.ollama_http.durations import keep_alive
from workers.testing.ollama_http.errors import Mistyped, RequestError

Reader = Callable[[Any, str], Any]

_GO_KINDS = {bool: "bool", str: "string", int: "number", float: "number", list: "array"}
_THINK = '"high", "medium", "low", "max", true, or false'
_LEVELS = {"high", "medium", "low", "max"}
_BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")


def decode(body: Any, struct: str, readers: Mapping[str, Reader]) -> dict[str, Any]:
    """The stated fields. Raises RequestError."""
    if body is None:
        return {}
    if not isinstance(body, dict):
        raise Mistyped(f"json: cannot unmarshal {_kind(body)} into Go value of type api.{struct}")
    return _decode(body, struct, readers)


def _decode(body: Mapping[str, Any], path: str, readers: Mapping[str, Reader]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    first: Mistyped | None = None
    for name, value in body.items():
        if name in readers and value is not None:
            try:
                found[name] = readers[name](value, f"{path}.{name}")
            except Mistyped as error:
                first = first or error
    if first:
        raise first
    return found


def _kind(value: Any) -> str:
    return _GO_KINDS.get(type(value), "object")


def _mistyped(value: Any, path: str, go_type: str) -> Mistyped:
    return Mistyped(
        f"json: cannot unmarshal {_kind(value)} into Go struct field {path} of type {go_type}"
    )


def of_type(kind: type, go_type: str) -> Reader:
    """A field that must have a type."""

    def read(value: Any, path: str) -> Any:
        # To isinstance, true is a whole number.
        if not isinstance(value, kind) or isinstance(value, bool) is not (kind is bool):
            raise _mistyped(value, path, go_type)
        return value

    return read


text = of_type(str, "string")
flag = of_type(bool, "bool")
mapping = of_type(dict, "map[string]interface {}")


def raw(value: Any, _path: str) -> Any:
    """A field of any type."""
    return value


def integer(value: Any, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _mistyped(value, path, "int")
    if isinstance(value, float):
        message = f"json: cannot unmarshal number {value!r} into Go struct field {path} of type int"
        raise Mistyped(message)
    return value


def list_of(reader: Reader, go_type: str) -> Reader:
    """A field that must be a list of fields."""

    def read(value: Any, path: str) -> Any:
        if not isinstance(value, list):
            raise _mistyped(value, path, go_type)
        return [reader(item, path) for item in value if item is not None]

    return read


def struct(readers: Mapping[str, Reader], go_type: str) -> Reader:
    """A field that must be an object of fields."""

    def read(value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            raise _mistyped(value, path, go_type)
        return _decode(value, path, readers)

    return read


def duration(value: Any, _path: str) -> float:
    """``keep_alive`` in seconds."""
    return keep_alive(value)


def think(value: Any, _path: str) -> bool | str:
    if isinstance(value, str) and value not in _LEVELS:
        raise RequestError(f'invalid think value: "{value}" (must be {_THINK})')
    if not isinstance(value, bool | str):
        raise RequestError(f"think must be a boolean or string ({_THINK})")
    return value


def image(value: Any, path: str) -> str:
    """A picture in base64."""
    if not isinstance(value, str):
        raise _mistyped(value, path, "api.ImageData")
    data = value.replace("\r", "").replace("\n", "")
    wrong = next((place for place, letter in enumerate(data) if letter not in _BASE64), None)
    if wrong is None and len(data) % 4:
        wrong = len(data) // 4 * 4
    if wrong is not None:
        raise Mistyped(f"illegal base64 data at input byte {wrong}")
    return value
