"""Candidate models of a run, from the attempts so far. Pure.

A model is out when it was unusable, when its tries are used up, and when the run went on to the
other. A model that was passed over for its open breaker has lost nothing: it stays in. A prompt
that was too long for one model leaves the other in only if its context is larger or unknown.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from llmconfig.values.model_names import normalise_model
from llmconfig.values.types import ResolvedConfig
from workers.runs.outcomes import Cause, Outcome

#: What counts against ``max_retries``.
RETRIED = frozenset({Outcome.TRANSIENT, Outcome.SLOW})


@dataclass(frozen=True, kw_only=True)
class Past:
    """One attempt that has ended; as ``skipped`` the note that a model was once passed over."""

    model: str
    outcome: Outcome
    cause: Cause | None = None
    retry_after_seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class View:
    """What holds at this moment. Models go by the names that the configuration uses."""

    remaining_seconds: float
    host: str = ""
    #: The server is known not to answer: nobody needs to try.
    host_is_down: bool = False
    #: The run's queue, if staff paused it.
    paused_queue: str = ""
    paused_models: Collection[str] = ()
    #: Models whose breaker lets nobody through now.
    blocked: Collection[str] = ()
    #: Models that the host could not load just now: others are asked where there are any.
    unloadable: Collection[str] = ()
    #: Models that policy does not allow.
    forbidden: Collection[str] = ()
    #: Contexts in tokens, where they are known.
    context_windows: Mapping[str, int] = field(default_factory=dict)


def attempts_of(past: Sequence[Past]) -> list[Past]:
    """The attempts alone, without notes."""
    return [p for p in past if p.outcome is not Outcome.SKIPPED]


def candidates(config: ResolvedConfig, past: Sequence[Past], view: View) -> list[str]:
    """The models that may still answer, the one at work first."""
    attempts = attempts_of(past)
    at_work = attempts[-1].model if attempts else config.model
    passed_over = {p.model for p in past if p.outcome is Outcome.SKIPPED}
    left = [
        model
        for model in models_of(config)
        if not _is_spent(config, attempts, model)
        and not (model != at_work and model not in passed_over and _tried(attempts, model))
        and _is_large_enough(attempts, view, model)
    ]
    return sorted(left, key=lambda model: model != at_work)


def models_of(config: ResolvedConfig) -> list[str]:
    """The primary and, if it is another model, the fallback."""
    fallback = config.fallback_model
    differs = normalise_model(fallback) != normalise_model(config.model)
    return [config.model, fallback] if fallback and differs else [config.model]


def passed_over(allowed: Sequence[str], view: View) -> list[str]:
    """Those of the models that are not called now. One that could not be loaded is called all the
    same where no other one can be."""
    blocked = [model for model in allowed if model in view.blocked]
    left = set(allowed) - {*blocked, *view.unloadable, *view.paused_models}
    return [m for m in allowed if m in view.unloadable or m in blocked] if left else blocked


def tries(past: Sequence[Past], model: str) -> int:
    """How many attempts on a model count against its retries."""
    return sum(1 for p in past if p.model == model and p.outcome in RETRIED)


def _tried(attempts: Sequence[Past], model: str) -> bool:
    return any(p.model == model for p in attempts)


def _is_spent(config: ResolvedConfig, attempts: Sequence[Past], model: str) -> bool:
    outcomes = {p.outcome for p in attempts if p.model == model}
    moves_on = model == config.model and len(models_of(config)) > 1
    return (
        Outcome.UNUSABLE in outcomes
        or (Outcome.SLOW in outcomes and moves_on)
        or tries(attempts, model) > config.max_retries
    )


def _is_large_enough(attempts: Sequence[Past], view: View, model: str) -> bool:
    too_small = {p.model for p in attempts if p.cause is Cause.CONTEXT_OVERFLOW} - {model}
    window = view.context_windows.get(model)
    known = [view.context_windows[m] for m in too_small if m in view.context_windows]
    return window is None or all(window > other for other in known)
