"""Settings of one host; the defaults are Ollama's on a machine without a GPU. Times are seconds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Body = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How an answer is generated. A ``num_predict`` below its tokens shortens it in proportion."""

    #: Of the answer; one that must be JSON has as many as that takes, at most these.
    tokens: int = 40
    #: Of the whole answer, from the end of the prompt to the last token.
    seconds: float = 0.8
    #: Of the prompt, before the first token.
    prompt_seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class OneHost:
    """One Ollama on one machine."""

    #: Requests that one loaded model works on at once (OLLAMA_NUM_PARALLEL).
    places: int = 1
    #: Models loaded at once (OLLAMA_MAX_LOADED_MODELS).
    max_loaded: int = 3
    #: Requests that wait for a load; more are refused with 503 (OLLAMA_MAX_QUEUE).
    max_queue: int = 512
    #: Of one load; by model where it is a mapping (others load at once).
    load_seconds: float | Mapping[str, float] = 0.9
    #: How long an idle model stays, where the request states nothing (OLLAMA_KEEP_ALIVE). 0 unloads
    #: a model as soon as it is idle; infinite: never.
    keep_alive: float = 300.0
    #: Tokens of prompt and answer, where the request states no ``num_ctx`` (OLLAMA_CONTEXT_LENGTH).
    context_length: int = 4096
    #: Whether a request's ``truncate: false`` has a prompt that is too long refused; without it, as
    #: by releases that do not know the field, it is cut in silence.
    honours_truncate: bool = True
    #: What the models were trained for: a larger ``num_ctx`` is lowered to it.
    longest_context: int = 131_072
    #: How answers are generated: all alike, by model (others by the default), or by the request.
    pace: Pace | Mapping[str, Pace] | Callable[[Body], Pace] = Pace()

    def pace_of(self, model: str, body: Body) -> Pace:
        """The pace of one request; ``model`` is its normalised name."""
        if isinstance(self.pace, Pace):
            return self.pace
        if isinstance(self.pace, Mapping):
            return self.pace.get(model, Pace())
        return self.pace(body)

    def load_seconds_of(self, model: str) -> float:
        """How long a load of the model takes."""
        if isinstance(self.load_seconds, Mapping):
            return self.load_seconds.get(model, 0.0)
        return self.load_seconds
