"""Reads request bodies: JSON objects of a limited size. Raises ``RequestError``."""

import json
import math
from http import HTTPStatus
from typing import Any

from starlette.requests import Request

from config.embedded.model_server.errors import RequestError

MAX_BYTES = 4 * 1024 * 1024
#: A body somewhat too large is read to its end, because many clients read no answer before.
MAX_READ_BYTES = 4 * MAX_BYTES


async def read_json(request: Request) -> dict[str, Any]:
    """The body as a JSON object, whatever content type it states."""
    content = await _read(request)
    if not content.strip():
        raise RequestError("missing request body")
    try:
        body = json.loads(content, parse_constant=_refuse_constant, parse_float=_finite)
        # Half of a surrogate pair is valid JSON, but no text that an engine could read.
        json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise RequestError("invalid JSON: a text holds half of a surrogate pair") from None
    except RecursionError:
        raise RequestError("invalid JSON: nested too deep") from None
    except ValueError as error:
        raise RequestError(f"invalid JSON: {error}") from None
    if not isinstance(body, dict):
        raise RequestError("the request body must be a JSON object")
    return body


async def _read(request: Request) -> bytes:
    content, size = bytearray(), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= MAX_BYTES:
            content += chunk
        if size > MAX_READ_BYTES:
            break
    if size > MAX_BYTES:
        message = f"request body too large: at most {MAX_BYTES} bytes"
        raise RequestError(message, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return bytes(content)


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON value")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text[:20]} is out of range")
    return number
