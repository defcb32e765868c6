"""Asking the backend as a run would, in few words."""

import socket
import time

import pytest

from workers.backends import ollama as backend
from workers.backends.ollama import AttemptFailed, Generation, GenerationRequest, Limits

#: Long against a loopback answer, short against a test.
SOON = 0.3
#: No limit of ours is this long: what takes longer hangs.
HANGS = 5.0


def ask(
    host: str,
    model: str = "ok:1",
    *,
    cancelled=None,
    limits=None,
    on_text=None,
    on_token=None,
    **request,
) -> Generation:
    request = {"prompt": "Say something.", **request}
    return backend.generate(
        GenerationRequest(host=host, model=model, **request),
        Limits(**{"timeout_seconds": 5.0, **(limits or {})}),
        cancelled=cancelled,
        on_text=on_text,
        on_token=on_token,
    )


def failure(host: str, model: str = "ok:1", **details) -> AttemptFailed:
    """The failure that asking ends in, which must be soon."""
    began = time.monotonic()
    with pytest.raises(AttemptFailed) as caught:
        ask(host, model, **details)
    assert time.monotonic() - began < HANGS
    return caught.value


def free_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as plug:
        plug.bind(("127.0.0.1", 0))
        return plug.getsockname()[1]
