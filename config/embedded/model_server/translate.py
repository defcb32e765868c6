"""Between Ollama's words and the engine's, which are OpenAI's. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from config.embedded.model_server import options
from config.embedded.model_server.requests import Generation
from workers.testing.ollama_http.timestamps import now

Payload = dict[str, Any]
Shape = Callable[[str], Payload]

NANOSECONDS_PER_MILLISECOND = 1_000_000
SEEDS = 2**32 - 1  # the engine takes the last 32-bit number for "any seed"
LONGEST_HISTORY = 8192
RENAMED_OR_BOUNDED = {"num_ctx", "num_predict", "repeat_last_n", "seed"}

#: Streams, so that it can be stopped; tells its progress with the prompt, for the same reason; uses
#: nothing of earlier requests, so that equal requests get equal answers. Ollama's own min_p is 0.
ALWAYS = {
    "stream": True,
    "stream_options": {"include_usage": True},
    "return_progress": True,
    "cache_prompt": False,
    "min_p": 0.0,
}


def chat_shape(text: str) -> Payload:
    return {"message": {"role": "assistant", "content": text}}


def generate_shape(text: str) -> Payload:
    return {"response": text}


def engine_request(generation: Generation) -> Payload:
    """The engine's request for ``generation``."""
    return {**ALWAYS, **_sampling(generation.options), **_content(generation)}


def context_length(generation: Generation, available: int) -> int:
    """The context in tokens that the request asks for, at most what is ``available``."""
    asked = options.integer(generation.options, "num_ctx") or 0
    return min(asked, available) if asked > 0 else available


def _sampling(stated: options.Options) -> Payload:
    request: Payload = {k: v for k, v in stated.items() if k not in RENAMED_OR_BOUNDED}
    limit = options.integer(stated, "num_predict")
    # Ollama reads 0 and negative numbers as "until the model stops".
    if limit is not None and limit > 0:
        request["max_tokens"] = limit
    history = options.integer(stated, "repeat_last_n")
    if history is not None:
        # Negative is the whole context; for any more, the engine would only set memory aside.
        longest = LONGEST_HISTORY
        request["repeat_last_n"] = min(history, longest) if history >= 0 else longest
    seed = options.integer(stated, "seed")
    if seed is not None and seed >= 0:
        request["seed"] = seed % SEEDS
    return request


def _content(generation: Generation) -> Payload:
    if isinstance(generation.content, str):
        schema = {} if generation.format == "json" else generation.format
        constraint = {} if schema is None else {"json_schema": schema}
        return {"prompt": generation.content, **constraint}
    # "none" leaves tags such as <think> in the text, where the client expects all of it.
    request: Payload = {"messages": generation.content, "reasoning_format": "none"}
    if generation.format == "json":
        request["response_format"] = {"type": "json_object"}
    elif generation.format is not None:
        schema = {"schema": generation.format}
        request["response_format"] = {"type": "json_schema", "json_schema": schema}
    return request


@dataclass
class Tally:
    """What the engine's chunks say besides text, summed up for the last line."""

    finish_reason: str = ""
    usage: Mapping[str, int] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)

    def add(self, chunk: Payload) -> str:
        """The text of ``chunk``, often empty; its figures are kept."""
        self.usage = chunk.get("usage") or self.usage
        self.timings = chunk.get("timings") or self.timings
        choices = chunk.get("choices")
        if not choices:
            return ""
        self.finish_reason = choices[0].get("finish_reason") or self.finish_reason
        text = choices[0].get("text") or choices[0].get("delta", {}).get("content")
        return text or ""

    def metrics(self, *, total_nanoseconds: int, load_nanoseconds: int) -> Payload:
        return {
            "total_duration": total_nanoseconds,
            "load_duration": load_nanoseconds,
            "prompt_eval_count": self.usage.get("prompt_tokens", 0),
            "prompt_eval_duration": self._nanoseconds("prompt_ms"),
            "eval_count": self.usage.get("completion_tokens", 0),
            "eval_duration": self._nanoseconds("predicted_ms"),
        }

    def _nanoseconds(self, key: str) -> int:
        return round(self.timings.get(key, 0) * NANOSECONDS_PER_MILLISECOND)


def part(generation: Generation, shape: Shape, text: str) -> Payload:
    """A line of a stream that is not the last."""
    return _line(generation, shape, text) | {"done": False}


def last(generation: Generation, shape: Shape, text: str, reason: str) -> Payload:
    """The last line of a stream, or the whole answer where it is not streamed."""
    return _line(generation, shape, text) | {"done": True, "done_reason": reason}


def _line(generation: Generation, shape: Shape, text: str) -> Payload:
    return {"model": generation.asked_model, "created_at": now(), **shape(text)}
