"""One delivery of one run: claim it, follow the plan's steps, write where it ends.

A fallback that follows at once is tried in the same delivery. A back-off gives claim and slot back
and says how long Celery shall wait; a parked run waits in its row alone. An attempt and the state
that it leads to are written in one transaction, under the claim.
"""

import logging
import random
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from llmconfig.errors import LLMConfigError
from llmconfig.policy import environment_policy
from llmconfig.types import ResolvedConfig
from workers import attempts, header, outages, plan, task_types
from workers.claims import Claim, claim_end, claim_holds, claim_release, claim_take
from workers.explanations import error_of
from workers.leases import leases
from workers.models import Attempt, TaskRun
from workers.outages import DATABASE_AWAY
from workers.outcomes import Outcome
from workers.prompts import Prompt, prompt_render
from workers.states import Status
from workers.task_types import TaskType

logger = logging.getLogger(__name__)

#: Longer waits stay in the row: a waiting message occupies its worker's memory.
LONGEST_CELERY_WAIT_SECONDS = 30.0


def run_deliver(run_id: uuid.UUID) -> float | None:
    """Work on a run if it is to be had; the seconds after which to deliver it again, or None."""
    claim = claim_take(run_id)
    if claim is None:
        logger.info("Run %s is not to be claimed: ended, waiting, or another worker's", run_id)
        return None
    with leases.holding(claim):
        return _work(claim)


def _work(claim: Claim) -> float | None:
    try:
        return _Delivery.begin(claim).work()
    except _Refused as refused:
        _end(claim, Status.FAILED, error={"code": refused.code, "detail": str(refused)})
    except DATABASE_AWAY:
        # Nothing can be written now; the claim is given back when the database answers.
        raise
    except TaskRun.DoesNotExist:
        logger.info("Run %s was deleted while it was worked on", claim.run_id)
    except Exception as error:
        logger.exception("Run %s ends with an error of ours", claim.run_id)
        detail = _("An internal error ended the run: %(error)s") % {"error": type(error).__name__}
        _end(claim, Status.FAILED, error={"code": "internal_error", "detail": detail})
    return None


class _Refused(Exception):
    """The run cannot be worked on at all."""

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        super().__init__(detail)


@dataclass(kw_only=True)
class _Delivery:
    claim: Claim
    run: TaskRun
    kind: TaskType
    config: ResolvedConfig
    prompt: Prompt
    history: list[Attempt]

    @classmethod
    def begin(cls, claim: Claim) -> "_Delivery":
        run = TaskRun.objects.get(pk=claim.run_id)
        kind = task_types.get(run.task_type)
        if kind is None:
            raise _Refused("unknown_task_type", _("This worker does not know the task type."))
        try:
            config = header.config_of(run.llm_config)
        except LLMConfigError as error:
            raise _Refused("malformed_config", str(error)) from error
        return cls(
            claim=claim,
            run=run,
            kind=kind,
            config=config,
            prompt=prompt_render(kind, run.payload),
            history=list(run.attempts.all()),
        )

    def work(self) -> float | None:
        """Follow the plan to the run's end or its next wait."""
        past = attempts.past_of(self.history)
        step: plan.Step | None = plan.first_step(self.config, past, self._remaining())
        if isinstance(step, plan.Stop):
            self._write(step)
        while isinstance(step, plan.Try):
            step = self._attempt(step)
        if isinstance(step, plan.RetryLater) and _celery_waits(step):
            return step.delay_seconds
        return None

    def _attempt(self, step: plan.Try) -> plan.Step | None:
        """Make one attempt and record it; the step after it, or None when there is none."""
        self._refuse_forbidden(step.model)
        made = attempts.attempt_make(
            self.run, self.kind, self.prompt, self.config, step, self.claim.lost
        )
        if self.claim.handed_back.is_set() and made.attempt.outcome == Outcome.FINAL:
            outages.patiently(lambda: claim_release(self.claim), self.claim.lost)
            return None
        following = None if made.result is not None else self._next(made.attempt)
        recorded = outages.patiently(lambda: self._record(made, step, following), self.claim.lost)
        if recorded is None:
            logger.info("Run %s is not ours any more; its attempt is discarded", self.run.pk)
            return None
        self.history = recorded
        if isinstance(following, plan.Try):
            self._warn_fallback(made.attempt, following)
        return following

    @transaction.atomic
    def _record(
        self, made: attempts.Made, step: plan.Try, following: plan.Step | None
    ) -> list[Attempt] | None:
        """Write an attempt and the state that it leads to; the attempts now, or None: the claim
        was lost."""
        if following is None:
            written = self._write_success(made, step)
        else:
            written = self._write(following, made.attempt)
        return attempts.attempt_save(made.attempt, self.history) if written else None

    def _next(self, attempt: Attempt) -> plan.Step:
        past = attempts.past_of([*self.history, attempt])
        return plan.next_step(
            self.config, past, self._remaining(), draw=lambda limit: random.uniform(0, limit)  # noqa: S311  (jitter)
        )  # fmt: skip

    def _write_success(self, made: attempts.Made, step: plan.Try) -> bool:
        return _end(
            self.claim,
            Status.SUCCEEDED,
            result=made.result,
            model_used=step.model,
            fallback_used=step.is_fallback,
        )

    def _write(self, step: plan.Step, attempt: Attempt | None = None) -> bool:
        """The state that a step leads to. False: the claim was lost."""
        match step:
            case plan.Try():
                return claim_holds(self.claim)
            case plan.RetryLater(delay_seconds=delay):
                ready = Now() + timedelta(seconds=delay)
                # While Celery's own retry is on its way, the sweeper need not send another.
                coming = ready if _celery_waits(step) else None
                return _end(self.claim, Status.RETRYING, available_at=ready, published_at=coming)
            case plan.Park() if attempt:
                return _end(self.claim, Status.RETRYING, parked_on=attempt.host)
            case plan.Stop(code=code):
                late = code == "deadline_exceeded"
                status = Status.EXPIRED if late else Status.FAILED
                history = [*self.history, *([attempt] if attempt else [])]
                return _end(self.claim, status, error=error_of(code, history))
        raise AssertionError(f"no state for {step}")

    def _remaining(self) -> float:
        return (self.run.deadline - timezone.now()).total_seconds()

    def _refuse_forbidden(self, model: str) -> None:
        if not environment_policy().allows(model):
            detail = _("The model %(model)s is not allowed in this environment.") % {"model": model}
            raise _Refused("model_not_allowed", detail)

    def _warn_fallback(self, failed: Attempt, step: plan.Try) -> None:
        error = f"{failed.outcome}: {failed.reason}"
        ids = {"run_id": str(self.run.pk), "primary": failed.model, "fallback": step.model}
        logger.warning(
            "Primary model failed, trying fallback: primary=%s fallback=%s error=%s",
            failed.model,
            step.model,
            error,
            extra={"action": "fallback", "error": error, **ids},
        )


def _celery_waits(step: plan.RetryLater) -> bool:
    return step.delay_seconds <= LONGEST_CELERY_WAIT_SECONDS


def _end(claim: Claim, status: Status, **fields: Any) -> bool:
    if status != Status.RETRYING:
        fields["finished_at"] = timezone.now()
    return claim_end(claim, status=status, **fields)
