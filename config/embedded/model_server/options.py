"""``options`` of a request: which ones count, their types, and the model's defaults below them.

As with Ollama, null means the default, unknown options are ignored, whole numbers may have a
fraction that is cut, and a wrong type is an error.
"""

from collections.abc import Mapping

from config.embedded.model_server.catalogue import Model
from config.embedded.model_server.errors import RequestError

FLOATS = {
    "temperature",
    "top_p",
    "min_p",
    "typical_p",
    "repeat_penalty",
    "presence_penalty",
    "frequency_penalty",
}
INTEGERS = {"top_k", "seed", "num_predict", "num_ctx", "repeat_last_n"}
LARGEST = 2**31 - 1
LARGEST_FLOAT = 3.4e38

Options = dict[str, float | list[str]]


def merged(model: Model, stated: Mapping[str, object]) -> Options:
    """The model's parameters with ``stated`` ones over them. Raises ``RequestError``."""
    own = {key: _read(key, value) for key, value in stated.items() if value is not None}
    return {**model.parameters, **{key: value for key, value in own.items() if value is not None}}


def integer(options: Options, key: str) -> int | None:
    value = options.get(key)
    return value if isinstance(value, int) else None


def _read(key: str, value: object) -> float | list[str] | None:
    if key in FLOATS:
        return _number(key, value, "float32")
    if key in INTEGERS:
        number = int(_number(key, value, "integer"))
        # Seeds wrap around when they are used; of the rest, more than the largest changes nothing.
        return number if key == "seed" else max(-LARGEST, min(number, LARGEST))
    if key == "stop":
        return _texts(value)
    return None


def _number(key: str, value: object, kind: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RequestError(f'option "{key}" must be of type {kind}')
    if kind == "float32" and abs(value) > LARGEST_FLOAT:
        raise RequestError(f'option "{key}" is out of range')
    return value


def _texts(value: object) -> list[str]:
    if not isinstance(value, list):
        raise RequestError('option "stop" must be of type array')
    if not all(isinstance(item, str) for item in value):
        raise RequestError('option "stop" must be of an array of strings')
    return [item for item in value if item]
