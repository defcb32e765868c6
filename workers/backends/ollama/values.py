"""Frozen values of a generation: its request, limits and result."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, kw_only=True)
class GenerationRequest:
    """One question to one model on one host."""

    #: As in ``OLLAMA_HOST``: a URL, or ``host[:port]``.
    host: str
    model: str
    prompt: str
    system: str = ""
    #: A JSON schema for the answer, or None for free text.
    format: Mapping[str, Any] | None = None
    #: In the project's own names; see `workers.backends.ollama.options`.
    options: Mapping[str, Any] = field(default_factory=dict)
    #: Where the model cannot think as the options state, it is asked to answer without.
    may_skip_thinking: bool = False
    #: The context in tokens to expect where neither the options nor the host state one.
    expected_window: int | None = None


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Wall-clock limits of one attempt, in seconds."""

    #: From the request, or from the end of the load that it caused, to the last token.
    timeout_seconds: float
    #: To the first token, and between any two; None sets no such limit.
    first_token_timeout_seconds: float | None = None
    #: From the request to the end of the load, where the model is not loaded.
    load_timeout_seconds: float = 300.0
    #: The moment at which loading and answering together must end: an aware datetime, or a
    #: reading of ``time.monotonic()``.
    deadline: datetime | float | None = None


@dataclass(frozen=True, kw_only=True)
class Generation:
    """A complete, non-empty answer. Durations are milliseconds."""

    content: str
    prompt_tokens: int | None
    completion_tokens: int | None
    #: Without loading, as ``duration_ms``.
    first_token_ms: int
    duration_ms: int
    #: As the server reports it, the wait for another model to leave included; near 0 when the model
    #: was loaded already.
    load_ms: int
    #: In the server's own queue, behind other requests; None where it cannot be known.
    queue_ms: int | None
    #: ``stop``, or ``length`` when the model ran into ``max_tokens``.
    done_reason: str


@dataclass(frozen=True, kw_only=True)
class HostAnswer:
    """What ``/api/version`` of a host says."""

    #: "" where it is no version.
    version: str = ""
    #: Why nothing can be asked of the host: ``does not answer``, ``refuses us: 401 Unauthorized``.
    problem: str = ""
    #: The status and its words, where the host refuses even this, or what else it answers with.
    refusal: str = ""
    status: int | None = None


@dataclass(frozen=True, kw_only=True)
class InstalledModel:
    """A model that a host has."""

    name: str
    #: None where the host does not tell.
    size_bytes: int | None
    #: Changes with the model's contents; "" where the host does not tell.
    digest: str


@dataclass(frozen=True, kw_only=True)
class ModelDetails:
    """What a host tells of one model; None is what it does not tell."""

    #: Tokens that the model was made for; it may be loaded with fewer.
    context_length: int | None
    #: Ollama's words: ``completion``, ``embedding``, ``vision`` …
    capabilities: tuple[str, ...] | None
