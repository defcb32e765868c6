"""Client of Ollama. No other package imports its library or an HTTP client.

`generate` asks a model once and either returns a complete answer or raises `AttemptFailed`. It
blocks the calling thread; the work itself happens on one event loop per process.
"""

import threading
from collections.abc import Callable, Mapping

from workers.backends.ollama import answer as _answer
from workers.backends.ollama import attempt as _attempt
from workers.backends.ollama import health as _health
from workers.backends.ollama import runtime as _runtime
from workers.backends.ollama.classify import failure
from workers.backends.ollama.values import (
    Generation,
    GenerationRequest,
    HostAnswer,
    InstalledModel,
    Limits,
    ModelDetails,
)
from workers.runs.outcomes import AttemptFailed

__all__ = [
    "AttemptFailed",
    "Generation",
    "GenerationRequest",
    "HostAnswer",
    "InstalledModel",
    "Limits",
    "ModelDetails",
    "close",
    "described",
    "failure",
    "generate",
    "installed",
    "loaded",
    "probe",
]

PROBE_SECONDS = 2.0
LISTING_SECONDS = 3.0


def generate(
    request: GenerationRequest,
    limits: Limits,
    *,
    cancelled: threading.Event | None = None,
    on_text: Callable[[str], None] | None = None,
    on_token: Callable[[], None] | None = None,
) -> Generation:
    """Ask one model once; where the host has not loaded it, the request does.

    Raises AttemptFailed, and nothing else of its own. Setting ``cancelled`` closes the connection
    and raises (final) within a second. ``on_text`` hears each piece of the answer as it comes,
    ``on_token`` is called for each chunk with a token, of the answer or of the thinking before it.
    Both are called on the event loop's thread, which serves all attempts of the process: they must
    return at once, and raise nothing.
    """
    hooks = _answer.Hooks(on_text=on_text, on_token=on_token)
    return _runtime.run(
        lambda runtime: _attempt.attempt(runtime, request, limits, hooks), cancelled=cancelled
    )


def probe(host: str, *, timeout_seconds: float = PROBE_SECONDS) -> HostAnswer:
    """Whether something answers at ``host`` and lets us in, and the version of its Ollama."""
    return _runtime.run(lambda runtime: _health.version(runtime, host, timeout_seconds))


def installed(host: str, *, timeout_seconds: float = LISTING_SECONDS) -> tuple[InstalledModel, ...]:
    """The models that the host has. Raises AttemptFailed."""
    return _runtime.run(lambda runtime: _health.installed(runtime, host, timeout_seconds))


def loaded(host: str, *, timeout_seconds: float = PROBE_SECONDS) -> Mapping[str, int | None]:
    """The names of the models that the host has loaded now, with the context in tokens that each
    was loaded with; None where the host does not report it. Raises AttemptFailed."""
    return _runtime.run(lambda runtime: _health.loaded(runtime, host, timeout_seconds))


def described(host: str, model: str, *, timeout_seconds: float = PROBE_SECONDS) -> ModelDetails:
    """What the host tells of one model. Raises AttemptFailed."""
    return _runtime.run(lambda runtime: _health.described(runtime, host, model, timeout_seconds))


def close() -> None:
    """Close this process's connections and end its thread; the next call starts anew."""
    _runtime.close()
