"""Circuit breakers: one for each (host, model), shared by all workers through the database.

Closed: calls pass. ``FAILURES_TO_OPEN`` failures in a row, wherever they happened, open it for
``OPEN_FOR``; `workers.gates.verdicts` has which attempts are failures. After that it is half-open:
one call at a time passes as a probe. A success closes the breaker, a failure opens it for the same
time again, so that there is always a way back.

A probe is held under the claim of the run that makes it, no longer than its call may take. It is
free again with the verdict, and when the claim ends before: the run was cancelled, or its worker
died and the lease ran out.

Every change is one conditional UPDATE by the database's clock. Models count by their normalised
names.
"""

import logging
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import (
    BooleanField,
    Case,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    TextChoices,
    Value,
    When,
)
from django.db.models.functions import Now, NullIf
from django.utils.translation import gettext_lazy as _

from llmconfig.values.model_names import normalise_model
from workers.gates.models import Breaker
from workers.gates.verdicts import Verdict
from workers.runs.models import TaskRun
from workers.runs.states import Status

logger = logging.getLogger(__name__)

FAILURES_TO_OPEN = 3
OPEN_FOR = timedelta(seconds=10)


class State(TextChoices):
    """What a breaker does with calls."""

    CLOSED = "closed", _("closed")
    OPEN = "open", _("open")
    HALF_OPEN = "half-open", _("half-open")
    PROBED = "probed", _("half-open, one call tries it")


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How the breaker of a model that has failed lately stands."""

    is_blocked: bool
    #: A call passes only with the probe, which `probe_take` gives.
    is_half_open: bool
    failures: int
    last_reason: str


def breakers_of(host: str, models: Iterable[str]) -> dict[str, Standing]:
    """The open and half-open breakers among those of these models, by the names given."""
    given = {normalise_model(model): model for model in models}
    rows = with_state(Breaker.objects.filter(host=host, model__in=given, open_until__isnull=False))
    return {
        given[row.model]: Standing(
            is_blocked=row.is_open or row.is_probed,
            is_half_open=not row.is_open,
            failures=row.failures,
            last_reason=row.last_reason,
        )
        for row in rows
    }


def with_state(breakers: QuerySet[Breaker]) -> QuerySet[Any]:
    """With ``is_open`` and ``is_probed`` as they are at this moment."""
    return breakers.annotate(is_open=_flag(Q(open_until__gt=Now())), is_probed=_flag(_probed()))


def state_of(row: Any) -> State:
    """The state of a breaker read by `with_state`."""
    if row.open_until is None:
        return State.CLOSED
    if row.is_open:
        return State.OPEN
    return State.PROBED if row.is_probed else State.HALF_OPEN


@transaction.atomic
def probe_take(host: str, model: str, token: uuid.UUID, seconds: float) -> bool:
    """Become the one probe of a half-open breaker under a claim's token, for a call of at most so
    many seconds; False: another is, or is about to be."""
    # Locked first, so that the UPDATE sees the claim of whoever held the lock before. Not waited
    # for: this transaction may hold another breaker, and whoever holds this one may wait for that.
    if _rows(host, model).select_for_update(skip_locked=True).first() is None:
        return False
    free = _rows(host, model).filter(~_probed(), open_until__lte=Now())
    until = Now() + timedelta(seconds=seconds)
    return bool(free.update(probe_token=token, probe_expires_at=until, changed_at=Now()))


def breaker_record(
    host: str, model: str, token: uuid.UUID, verdict: Verdict, reason: str = ""
) -> None:
    """Count how a call ended, and give its probe back if it was one."""
    if verdict is Verdict.ANSWERED:
        _answered(host, model)
    elif verdict is Verdict.FAILED:
        _failed(host, model, token, reason)
    else:
        _rows(host, model).filter(probe_token=token).update(probe_token=None, changed_at=Now())


def breaker_reset(breaker: Breaker) -> None:
    """Close a breaker by hand and forget its failures."""
    Breaker.objects.filter(pk=breaker.pk).update(**_closed())
    logger.warning("The breaker of %s is reset by hand", breaker, extra={"action": "breaker_reset"})


def _answered(host: str, model: str) -> None:
    troubled = _rows(host, model).filter(Q(failures__gt=0) | Q(open_until__isnull=False))
    if troubled.update(**_closed()):
        logger.info("%s on %s answers: its failures are forgotten", model, host)


def _failed(host: str, model: str, token: uuid.UUID, reason: str) -> None:
    if not _count(host, model, token, reason):
        Breaker.objects.bulk_create(
            [Breaker(host=host, model=normalise_model(model))], ignore_conflicts=True
        )
        _count(host, model, token, reason)


def _count(host: str, model: str, token: uuid.UUID, reason: str) -> int:
    opens = Q(failures__gte=FAILURES_TO_OPEN - 1) | Q(open_until__isnull=False)
    return _rows(host, model).update(
        failures=F("failures") + 1,
        open_until=Case(When(opens, then=Now() + OPEN_FOR)),
        probe_token=NullIf("probe_token", Value(token)),
        last_reason=reason,
        changed_at=Now(),
    )


def _flag(condition: Q) -> Case:
    return Case(When(condition, then=True), default=Value(False), output_field=BooleanField())


def _closed() -> dict[str, Any]:
    return {"failures": 0, "open_until": None, "probe_token": None, "changed_at": Now()}


def _rows(host: str, model: str) -> QuerySet[Breaker]:
    return Breaker.objects.filter(host=host, model=normalise_model(model))


def _probed() -> Q:
    """Whether somebody probes: the probe's time is not over, and the claim that holds it lives."""
    holder = TaskRun.objects.filter(
        claim_token=OuterRef("probe_token"), status=Status.RUNNING, lease_expires_at__gt=Now()
    )
    return Q(Exists(holder), probe_expires_at__gt=Now())
