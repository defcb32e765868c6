"""Snapshot of breakers, pauses, policy and host health: the plan's input."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from llmconfig.resolution.policy import environment_policy
from llmconfig.values.model_names import normalise_model
from llmconfig.values.types import ResolvedConfig
from workers.backends import load_faults
from workers.execution.candidates import View, models_of
from workers.gates import reachability
from workers.gates.breakers import Standing, breakers_of
from workers.gates.models import Breaker, Pause
from workers.gates.pauses import Paused, pauses_of, queues_of
from workers.runs.models import TaskRun
from workers.runs.outcomes import Outcome

# names of our own tables
_IS_TROUBLED = f"""
SELECT EXISTS (
    SELECT FROM {Breaker._meta.db_table}
    WHERE host = %(host)s AND model = ANY(%(models)s) AND open_until IS NOT NULL
) OR EXISTS (
    SELECT FROM {Pause._meta.db_table}
    WHERE kind = 'model' AND name = ANY(%(models)s) OR kind = 'queue' AND name = ANY(%(queues)s)
)
"""  # noqa: S608


@dataclass(frozen=True, kw_only=True)
class Sight:
    """The plan's view, and what stands behind it."""

    view: View
    breakers: Mapping[str, Standing]
    pauses: Paused

    def needs_probe(self, model: str) -> bool:
        """Whether the model may be called only as its breaker's probe."""
        return model in self.breakers and self.breakers[model].is_half_open

    def blocking(self, model: str) -> "Sight":
        """The same moment, with somebody else's probe before the model."""
        blocked = {*self.view.blocked, model}
        return replace(self, view=replace(self.view, blocked=blocked))

    def why_not(self, model: str) -> tuple[Outcome, str]:
        """The outcome and the reason to note for a model that is not called."""
        if model in self.view.blocked:
            standing = self.breakers[model]
            text = _("Its breaker is open after %(failures)s failures, the last: %(reason)s")
            facts = {"failures": standing.failures, "reason": standing.last_reason}
            return Outcome.SKIPPED, text % facts
        if model in self.view.unloadable:
            reason = load_faults.reason_of(self.view.host, model)
            return Outcome.SKIPPED, _("Loading it failed a moment ago: %(reason)s") % {
                "reason": reason
            }
        if self.view.paused_queue:
            reason = _("The queue is paused: %(reason)s") % {"reason": self.pauses.queue_reason}
            return Outcome.SKIPPED, reason
        if model in self.view.paused_models:
            reason = self.pauses.models[normalise_model(model)]
            return Outcome.SKIPPED, _("The model is paused: %(reason)s") % {"reason": reason}
        reason = reachability.reason_of(self.view.host)
        return Outcome.HOST, _("Found away a moment ago: %(reason)s") % {"reason": reason}


def sight_of(run: TaskRun, config: ResolvedConfig, windows: Mapping[str, int]) -> Sight:
    """What the run sees at this moment: one query, three where a breaker or pause concerns it."""
    models, host, policy = models_of(config), settings.OLLAMA_HOST, environment_policy()
    breakers: dict[str, Standing] = {}
    pauses = Paused()
    if _is_troubled(run.queue, host, models):
        breakers, pauses = breakers_of(host, models), pauses_of(run.queue, models)
    view = View(
        remaining_seconds=(run.deadline - timezone.now()).total_seconds(),
        host=host,
        host_is_down=reachability.is_down(host),
        paused_queue=pauses.queue,
        paused_models={model for model in models if normalise_model(model) in pauses.models},
        blocked={model for model, standing in breakers.items() if standing.is_blocked},
        unloadable={model for model in models if load_faults.is_passed_over(host, model)},
        forbidden={model for model in models if not policy.allows(model)},
        context_windows=windows,
    )
    return Sight(view=view, breakers=breakers, pauses=pauses)


def _is_troubled(queue: str, host: str, models: Sequence[str]) -> bool:
    """Whether any breaker that is not closed, or any pause, concerns a run."""
    names = [normalise_model(model) for model in models]
    facts: dict[str, Any] = {"host": host, "models": names, "queues": sorted(queues_of(queue))}
    with connection.cursor() as cursor:
        cursor.execute(_IS_TROUBLED, facts)
        return bool(cursor.fetchone()[0])
