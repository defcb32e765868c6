"""What the engine's chunks say besides text, summed up for the last line of an answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

NANOSECONDS_PER_MILLISECOND = 1_000_000
LOGPROB_KEYS = ("token", "logprob", "bytes")


@dataclass
class Tally:
    """Figures of one generation."""

    finish_reason: str = ""
    usage: Mapping[str, int] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)

    def add(self, chunk: Mapping[str, Any]) -> tuple[str, list[Mapping[str, Any]]]:
        """The text of a chunk, often empty, and its log probabilities; its figures are kept."""
        self.usage = chunk.get("usage") or self.usage
        self.timings = chunk.get("timings") or self.timings
        choices = chunk.get("choices")
        if not choices:
            return "", []
        self.finish_reason = choices[0].get("finish_reason") or self.finish_reason
        likely = (choices[0].get("logprobs") or {}).get("content") or ()
        text = choices[0].get("text") or choices[0].get("delta", {}).get("content")
        return text or "", list(likely)

    def metrics(self, *, total_nanoseconds: int, load_nanoseconds: int) -> dict[str, int]:
        """The last line's figures; what the four leave of the total was the wait for the slot."""
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


def ollama_logprobs(
    likely: Sequence[Mapping[str, Any]], alternatives: int
) -> list[Mapping[str, Any]]:
    """The engine's log probabilities in Ollama's form."""
    return [
        {key: item[key] for key in LOGPROB_KEYS}
        | (
            {"top_logprobs": ollama_logprobs(item.get("top_logprobs", ())[:alternatives], 0)}
            if alternatives
            else {}
        )
        for item in likely
    ]
