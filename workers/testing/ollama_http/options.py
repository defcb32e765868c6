"""``options`` of a request, with Ollama's types: unknown ones are ignored, null is the default.

A number with decimals for a whole one is cut. A wrong type is a 500, as in Ollama.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NoReturn

from workers.testing.ollama_http.errors import RequestError

INTEGERS = {
    "main_gpu",
    "num_batch",
    "num_ctx",
    "num_gpu",
    "num_keep",
    "num_predict",
    "num_thread",
    "repeat_last_n",
    "seed",
    "top_k",
}
FLOATS = {
    "frequency_penalty",
    "min_p",
    "presence_penalty",
    "repeat_penalty",
    "temperature",
    "top_p",
    "typical_p",
}

Options = Mapping[str, Any]


def typed(stated: Mapping[str, Any]) -> dict[str, Any]:
    """The options that count. Raises RequestError 500."""
    read = {key: _typed(key, value) for key, value in stated.items() if value is not None}
    return {key: value for key, value in read.items() if value is not None}


def _typed(key: str, value: Any) -> Any:
    if key in INTEGERS:
        return int(_number(key, value, "integer"))
    if key in FLOATS:
        return _number(key, value, "float32")
    if key == "use_mmap":
        return _flag(key, value)
    return _texts(key, value) if key == "stop" else None


def _flag(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        _refuse(f'"{key}" must be of type boolean')
    return value


def _number(key: str, value: Any, kind: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        _refuse(f'"{key}" must be of type {kind}')
    return value


def _texts(key: str, value: Any) -> list[str]:
    if not isinstance(value, list):
        _refuse(f'"{key}" must be of type array')
    if not all(isinstance(item, str) for item in value):
        _refuse(f'"{key}" must be of an array of strings')
    return value


def _refuse(complaint: str) -> NoReturn:
    raise RequestError(f"option {complaint}", HTTPStatus.INTERNAL_SERVER_ERROR)
