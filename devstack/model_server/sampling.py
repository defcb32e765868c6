"""The engine's request for a generation. Pure."""

from typing import Any

from devstack.model_server.prompts import Prompt
from workers.testing.ollama_http.options import Options
from workers.testing.ollama_http.requests import Generation

SEEDS = 2**32 - 1  # the engine takes the last 32-bit number for "any seed"
LONGEST_HISTORY = 8192
LARGEST = 2**31 - 1
LARGEST_FLOAT = 3.4e38
SAME_NAME = (
    "frequency_penalty",
    "min_p",
    "presence_penalty",
    "repeat_penalty",
    "temperature",
    "top_k",
    "top_p",
    "typical_p",
)
#: Without a limit an answer may be as long as so many windows, as in Ollama.
MOST_WINDOWS = 10

#: Streams, so that it can be stopped; reports progress with the prompt, for the same reason; uses
#: nothing of earlier requests, so that equal requests get equal answers. Ollama's own min_p is 0.
ALWAYS = {
    "stream": True,
    "stream_options": {"include_usage": True},
    "return_progress": True,
    "cache_prompt": False,
    "min_p": 0.0,
}


def engine_request(
    prompt: Prompt, generation: Generation, options: Options, *, limit: int
) -> dict[str, Any]:
    """``limit``: the most tokens of the answer."""
    request = {**ALWAYS, **_sampling(options), "max_tokens": limit}
    if prompt.messages:
        return {**request, **_chat(prompt, generation)}
    return {**request, **_completion(prompt, generation)}


def _chat(prompt: Prompt, generation: Generation) -> dict[str, Any]:
    # "none" leaves tags such as <think> in the text, where the client expects all of it.
    request: dict[str, Any] = {"messages": list(prompt.messages), "reasoning_format": "none"}
    if generation.format == "json":
        request["response_format"] = {"type": "json_object"}
    elif generation.format:
        schema = {"schema": generation.format}
        request["response_format"] = {"type": "json_schema", "json_schema": schema}
    if generation.logprobs:
        request |= {"logprobs": True, "top_logprobs": generation.top_logprobs}
    return request


def _completion(prompt: Prompt, generation: Generation) -> dict[str, Any]:
    request: dict[str, Any] = {"prompt": list(prompt.ids)}
    if generation.format:
        any_object = generation.format == "json"
        request["json_schema"] = {"type": "object"} if any_object else generation.format
    if generation.logprobs:
        # The engine gives none for 0.
        request["logprobs"] = max(1, generation.top_logprobs)
    return request


def answer_limit(
    generation: Generation, options: Options, *, prompt: int, window: int, available: int
) -> int:
    """The most tokens of an answer; ``prompt``: those of the prompt.

    It may go on beyond the window, as in Ollama, unless the request says ``shift: false``.
    """
    stated = options.get("num_predict", 0)
    asked = stated if stated > 0 else MOST_WINDOWS * window
    room = available if generation.shift else window
    return max(1, min(asked, room - prompt))


def _sampling(options: Options) -> dict[str, Any]:
    request: dict[str, Any] = {key: _bounded(options[key]) for key in SAME_NAME if key in options}
    if "stop" in options:
        request["stop"] = [text for text in options["stop"] if text]
    if "repeat_last_n" in options:
        # Negative is the whole context; for any more, the engine would only set memory aside.
        history, longest = options["repeat_last_n"], LONGEST_HISTORY
        request["repeat_last_n"] = min(history, longest) if history >= 0 else longest
    if options.get("seed", -1) >= 0:
        request["seed"] = options["seed"] % SEEDS
    return request


def _bounded(value: float) -> float:
    """More than the largest number that the engine reads changes nothing."""
    most = LARGEST if isinstance(value, int) else LARGEST_FLOAT
    return max(-most, min(value, most))
