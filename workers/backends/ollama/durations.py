"""Durations of Ollama's last chunk, validated against our own clock.

``total_duration`` is the server's whole time for a request, ``load_duration`` the part until the
model was loaded, the wait for another model to leave included. What is neither that nor prompt nor
generation was spent in the server's own queue.
"""

from dataclasses import dataclass

import ollama

NANOSECONDS = 1e9
#: How far a server's stopwatch may go ahead of ours.
TOLERANCE_SECONDS = 0.05


@dataclass(frozen=True, kw_only=True)
class Durations:
    """Seconds; None: not reported, or impossible."""

    load: float | None = None
    queue: float | None = None


def durations_of(last: ollama.ChatResponse, *, elapsed: float, to_first_token: float) -> Durations:
    """Load and queue of an answer that took ``elapsed`` seconds by our clock.

    ``to_first_token``: the seconds to its first token, which no load can exceed.
    """
    total = _seconds(last.total_duration, elapsed)
    # Servers that do not measure report zeros.
    if not total:
        return Durations()
    load = _seconds(last.load_duration, min(total, to_first_token))
    prompt = _seconds(last.prompt_eval_duration, total)
    generation = _seconds(last.eval_duration, total)
    if load is None or prompt is None or generation is None:
        return Durations(load=load)
    return Durations(load=load, queue=max(0.0, total - load - prompt - generation))


def _seconds(nanoseconds: int | None, longest: float) -> float | None:
    limit = (longest + TOLERANCE_SECONDS) * NANOSECONDS
    if nanoseconds is None or not 0 <= nanoseconds <= limit:
        return None
    return min(nanoseconds / NANOSECONDS, longest)
