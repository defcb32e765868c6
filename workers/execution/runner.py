"""One delivery of one run: claim it, follow the plan's steps, write where it ends.

A fallback that follows at once is tried in the same delivery. A back-off gives claim and slot back
and says how long Celery shall wait; a parked run waits in its row alone. An attempt and the state
that it leads to are written in one transaction, under the claim.
"""

import logging
import random
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from llmconfig.database.conflicts import conflicts_retried
from llmconfig.database.faults import Kind, kind_of
from llmconfig.values.errors import LLMConfigError
from llmconfig.values.types import ResolvedConfig
from workers import task_types
from workers.backends.windows import windows_here
from workers.execution import attempts, database_patience, plan
from workers.execution.attempt_rows import (
    attempt_save,
    invalid_reason,
    next_number,
    note_save,
    past_of,
)
from workers.execution.candidates import models_of
from workers.execution.conditions import Sight, sight_of
from workers.execution.leases import leases
from workers.gates.breakers import breaker_record, probe_take
from workers.gates.permits import observing
from workers.gates.permits.holding import HeldPermit
from workers.gates.permits.taking import Permit, permit_take
from workers.gates.verdicts import Verdict
from workers.messaging import header
from workers.metrics import book
from workers.runs import run_log, transitions
from workers.runs.claims import Claim, claim_holds, claim_release, claim_take
from workers.runs.models import Attempt, TaskRun
from workers.runs.obstacles import Obstacle
from workers.runs.outcomes import Cause, Outcome
from workers.runs.signals import changed
from workers.streaming.cursors import Take
from workers.submission.children import run_divide
from workers.task_types import TaskType
from workers.task_types.drafts import Draft
from workers.task_types.preparation import Division, Refused
from workers.task_types.prompts import Prompt, prompt_again, prompt_prepare

logger = logging.getLogger(__name__)

#: A delivery begins no second attempt that might take it beyond this: Redis hands a message out
#: again after 1800 s, and RabbitMQ closes the channel of who has not acknowledged it by then.
LONGEST_DELIVERY_SECONDS = 1500.0
#: Longer waits stay in the row: a waiting message occupies its worker's memory.
LONGEST_CELERY_WAIT_SECONDS = 30.0
#: A probe outlives its call by this much, for the verdict to be written.
PROBE_GRACE_SECONDS = 30.0


def run_deliver(run_id: uuid.UUID) -> float | None:
    """Work on a run if it is to be had; the seconds after which to deliver it again, or None."""
    claim = claim_take(run_id)
    if claim is None:
        logger.info("Run %s is not to be claimed: ended, waiting, or another worker's", run_id)
        return None
    with leases.holding(claim):
        run = TaskRun.objects.filter(pk=run_id).first()
        if run is not None:
            held = HeldPermit(run.permit_id)
            with book.at_work(run):
                delay_seconds = _work(claim, run, held)
            held.end()
            return delay_seconds
    return None


def _work(claim: Claim, run: TaskRun, held: HeldPermit) -> float | None:
    try:
        delivery = database_patience.patiently(
            lambda: _Delivery.begin(claim, run, held), claim.lost
        )
        return delivery.work() if delivery else None
    except Refused as refused:
        transitions.run_fail(claim, run, refused.code, str(refused))
    except TaskRun.DoesNotExist:
        logger.info("Run %s was deleted while it was worked on", claim.run_id)
    except Exception as error:
        kind = kind_of(error)
        if kind is not None and (kind.is_outage or kind is Kind.CONFLICT):
            # Nothing can be written now; the claim is given back when that has passed.
            raise
        logger.exception("Run %s ends with an error of ours", claim.run_id)
        transitions.run_fail(claim, run, "internal_error", _internal_error(error, kind))
    return None


def _internal_error(error: Exception, kind: Kind | None) -> str:
    if kind is not None:
        return _("The database is %(state)s.") % {"state": kind.value}
    return _("An internal error ended the run: %(error)s") % {"error": type(error).__name__}


T = TypeVar("T")
_Decide = Callable[[ResolvedConfig, Sequence[plan.Past], plan.View], plan.Step]


@dataclass(frozen=True, kw_only=True)
class _Recorded:
    """What was written: all attempts now, and the step that follows, if there is one."""

    history: list[Attempt]
    step: plan.Step | None
    #: For the attempt that follows at once.
    permit: Permit | None = None


@dataclass(kw_only=True)
class _Delivery:
    claim: Claim
    run: TaskRun
    kind: TaskType
    config: ResolvedConfig
    prompt: Prompt | Draft
    history: list[Attempt]
    held: HeldPermit
    #: Asked for when a prompt is too long for a model.
    windows: dict[str, int] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)
    #: Attempts of this delivery.
    tries: int = 0

    @classmethod
    def begin(cls, claim: Claim, run: TaskRun, held: HeldPermit) -> "_Delivery | None":
        """None: the run waits for its parts now."""
        kind = task_types.get(run.task_type)
        if kind is None:
            raise Refused("unknown_task_type", _("This worker does not know the task type."))
        try:
            config = header.config_of(run.llm_config)
        except LLMConfigError as error:
            raise Refused("malformed_config", str(error)) from error
        prepared = kind.prepare(run, config) if kind.prepare else prompt_prepare(kind, run.payload)
        if isinstance(prepared, Division):
            run_divide(claim, run, prepared)
            return None
        return cls(
            claim=claim,
            run=run,
            kind=kind,
            config=config,
            prompt=prepared,
            # The first delivery is spared the query.
            history=list(run.attempts.all()) if run.deliveries > 1 else [],
            held=held,
        )

    def work(self) -> float | None:
        """Follow the plan to the run's end or its next wait."""
        self._ask_windows(self.history)
        step = self._keep(self._patiently(lambda: self._advance(self.history, plan.first_step)))
        while isinstance(step, plan.Try):
            if self._lasts_too_long_with(step):
                claim_release(self.claim)
                return None
            step = self._attempt(step)
        if isinstance(step, plan.RetryLater) and _celery_waits(step):
            return step.delay_seconds
        return None

    def _lasts_too_long_with(self, step: plan.Try) -> bool:
        """Then the next delivery makes the attempt."""
        spent = time.monotonic() - self.began
        return self.tries > 0 and spent + attempts.longest_seconds(step) > LONGEST_DELIVERY_SECONDS

    def _attempt(self, step: plan.Try) -> plan.Step | None:
        """Make one attempt and record it; the step after it, or None when there is none."""
        self.tries += 1
        take = Take(self.run.deliveries, next_number(self.history))
        prompt = prompt_again(self.prompt, invalid_reason(self.history, step.model))
        made = attempts.attempt_make(
            self.run, self.kind, prompt, self.config, step, take, self.claim
        )
        if self.claim.handed_back.is_set() and made.attempt.outcome == Outcome.FINAL:
            self._patiently(lambda: claim_release(self.claim))
            return None
        self._ask_windows([made.attempt])
        if made.failed and made.failed.context_window is not None:
            self.windows[step.model] = made.failed.context_window
        is_queued = self._patiently(lambda: self._give_back(made.attempt))
        verdict = Verdict.NONE if is_queued else self._verdict(made)
        recorded = self._patiently(lambda: self._record(made, step, verdict))
        if recorded is not None:
            book.attempt_ended(made.attempt)
        return self._keep(recorded)

    def _patiently(self, write: Callable[[], T]) -> T:
        """Keep what the attempt brought until it can be written, as long as the delivery lasts."""
        until = self.began + LONGEST_DELIVERY_SECONDS
        return database_patience.patiently(write, self.claim.lost, until=until)

    def _verdict(self, made: attempts.Made) -> Verdict:
        return self._patiently(lambda: attempts.verdict(made, self.run.task_type))

    def _keep(self, recorded: _Recorded | None) -> plan.Step | None:
        self.held.replace(recorded.permit if recorded else None)
        if recorded is None:
            logger.info("Run %s is not ours any more; its attempt is discarded", self.run.pk)
            return None
        self.history = recorded.history
        changed(self.run.pk)
        if isinstance(recorded.step, plan.Try | plan.Park):
            book.models_skipped(recorded.step.skipped)
        if isinstance(recorded.step, plan.Try) and recorded.step.is_fallback:
            self._warn_fallback(recorded.step)
        return recorded.step

    @transaction.atomic
    def _record(self, made: attempts.Made, step: plan.Try, verdict: Verdict) -> _Recorded | None:
        """Write an attempt, its verdict on the breaker and what follows. None: the claim was lost;
        a probe is free then."""
        if not claim_holds(self.claim):
            return None
        attempt = made.attempt
        breaker_record(attempt.host, attempt.model, self.claim.token, verdict, attempt.reason)
        history = attempt_save(attempt, self.history)
        number = next_number(history) - 1
        transaction.on_commit(lambda: run_log.attempt_log(self.run, attempt, number))
        if made.result is None or self.run.deadline <= timezone.now():
            # Past its deadline the run reads as expired already, and stays so.
            return self._advance(history, _next_step)
        self.run.notes = list(made.notes)
        transitions.run_succeed(
            self.claim,
            self.run,
            made.result,
            history,
            model=step.model,
            is_fallback=step.is_fallback,
        )
        if self.kind.finished:
            self.kind.finished(self.run, made.result)
        return _Recorded(history=history, step=None)

    @conflicts_retried
    @transaction.atomic
    def _advance(self, history: list[Attempt], decide: _Decide) -> _Recorded | None:
        """Decide on the next step and write what it leads to. None: the claim was lost."""
        sight = sight_of(self.run, self.config, self.windows)
        step, permit = decide(self.config, past_of(history), sight.view), None
        while isinstance(step, plan.Try):
            if not self._may_call(step, sight):
                sight = sight.blocking(step.model)
                step = decide(self.config, past_of(history), sight.view)
            elif permit := self._take_permit(step, sight.view.host):
                break
            else:
                obstacle = Obstacle.permit(sight.view.host, step.model)
                step = plan.Park(obstacle=obstacle, skipped=step.skipped)
        if isinstance(step, plan.Try | plan.Park):
            for model in step.skipped:
                history = note_save(self.run, model, *sight.why_not(model), history)
        written = self._write(step, history)
        if not written:
            return None
        return _Recorded(
            history=history, step=step, permit=permit if isinstance(step, plan.Try) else None
        )

    def _write(self, step: plan.Step, history: list[Attempt]) -> bool:
        """The state that a step leads to; an attempt that follows at once leads to none. False:
        the claim was lost."""
        match step:
            case plan.Try():
                return True
            case plan.RetryLater(delay_seconds=delay):
                return transitions.run_retry_later(
                    self.claim, delay, celery_waits=_celery_waits(step)
                )
            case plan.Park(obstacle=obstacle):
                return transitions.run_park(self.claim, obstacle)
            case plan.Stop(code=code, model=model):
                return transitions.run_stop(self.claim, self.run, code, history, model=model)

    def _take_permit(self, step: plan.Try, host: str) -> Permit | None:
        return permit_take(
            self.claim,
            host,
            step.model,
            timeout_seconds=step.timeout_seconds,
            first_token_timeout_seconds=self.config.first_token_timeout_seconds,
        )

    def _give_back(self, attempt: Attempt) -> bool:
        """Give the permit back and learn from the attempt that it was for; whether it only stood
        behind others in the server's queue. Such a run waits for a permit again, once."""
        permit = self.held.permit
        if permit is None:
            return False
        is_queued = observing.stood_behind(permit, attempt)
        if is_queued:
            observing.queueing_observe(permit)
            if not any(earlier.cause == Cause.SERVER_QUEUE for earlier in self.history):
                attempts.queued_note(attempt)
        # Before the attempt is written: the next run begins meanwhile.
        self.held.give_back(self.claim)
        if attempt.outcome == Outcome.SUCCEEDED:
            observing.answer_observe(permit, attempt)
        return is_queued

    def _may_call(self, step: plan.Try, sight: Sight) -> bool:
        if not sight.needs_probe(step.model):
            return True
        seconds = attempts.longest_seconds(step) + PROBE_GRACE_SECONDS
        return probe_take(sight.view.host, step.model, self.claim.token, seconds)

    def _ask_windows(self, made: Sequence[Attempt]) -> None:
        """Not in a transaction: the model server is asked."""
        if any(attempt.cause == Cause.CONTEXT_OVERFLOW for attempt in made):
            connection.close()
            windows = windows_here(models_of(self.config))
            self.windows = {model: window.tokens for model, window in windows.items()}

    def _warn_fallback(self, step: plan.Try) -> None:
        passed = [a for a in self.history if a.model in step.skipped] or self.history[-1:]
        if passed[-1].model == step.model:
            return
        primary = passed[-1]
        book.fallback_began(primary.model, step.model)
        run_log.fallback_log(self.run, primary, step.model)


def _celery_waits(step: plan.RetryLater) -> bool:
    """Whether Celery brings the run back itself after this back-off."""
    return step.delay_seconds <= LONGEST_CELERY_WAIT_SECONDS


def _next_step(config: ResolvedConfig, past: Sequence[plan.Past], view: plan.View) -> plan.Step:
    return plan.next_step(
        config, past, view, draw=lambda limit: random.uniform(0, limit)  # noqa: S311  (jitter)
    )  # fmt: skip
