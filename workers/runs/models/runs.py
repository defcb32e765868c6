"""Runs and their attempts: the truth about accepted work. Messages only wake a worker up."""

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q, Value
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from workers.runs.outcomes import Cause, Outcome
from workers.runs.states import FINAL, OPEN, Status

#: Attempts whose prompt the server counted and refused to read: those tokens were not used.
UNREAD = Q(cause=Cause.CONTEXT_OVERFLOW, completion_tokens=None)


class TaskRun(models.Model):
    """One accepted task, from acceptance to its final state."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="task_runs",
        verbose_name=_("user"),
    )
    task_type = models.CharField(_("task type"), max_length=100)
    queue = models.CharField(_("queue"), max_length=120)
    priority = models.CharField(_("priority"), max_length=10, default="normal")
    status = models.CharField(
        _("status"), max_length=20, choices=Status.choices, default=Status.PENDING
    )
    payload = models.JSONField(_("payload"))
    metadata = models.JSONField(_("metadata"), default=dict, blank=True)
    llm_config = models.JSONField(_("configuration"))
    celery_task_id = models.CharField(  # noqa: DJ001  (unique only where there is one)
        _("Celery task id"),
        max_length=255,
        null=True,
        unique=True,
        editable=False,
        help_text=_("Of the message that made this run, where no row was made first."),
    )
    idempotency_key = models.CharField(  # noqa: DJ001  (unique only where there is one)
        _("idempotency key"),
        max_length=200,
        null=True,
        unique=True,
        editable=False,
    )
    request_hash = models.CharField(  # noqa: DJ001  (only where there is an idempotency key)
        _("request hash"), max_length=64, null=True, editable=False
    )
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE)
    retry_of = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="retries"
    )

    available_at = models.DateTimeField(_("available at"), default=timezone.now)
    deadline = models.DateTimeField(_("deadline"))
    published_at = models.DateTimeField(_("last message"), null=True, editable=False)
    #: What the run waits for, as `workers.runs.obstacles` writes it.
    parked_on = models.CharField(
        _("parked on"), max_length=600, blank=True, default="", editable=False
    )
    claim_token = models.UUIDField(_("claim"), null=True, editable=False)
    lease_expires_at = models.DateTimeField(_("lease until"), null=True, editable=False)
    #: Of the pool whose permit the run holds, while its claim's lease lasts, or is about to take.
    permit = models.ForeignKey(
        "workers.PermitPool",
        null=True,
        editable=False,
        on_delete=models.SET_NULL,
        # Pools are never deleted; to validate the reference would scan a table that may be large.
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name=_("permit"),
    )
    token_at = models.DateTimeField(_("last token"), null=True, editable=False)
    deliveries = models.PositiveIntegerField(_("deliveries"), default=0, editable=False)
    losses = models.PositiveIntegerField(
        _("lost workers"),
        # The last release, which does not know the column, still writes rows beside this one.
        db_default=0,
        editable=False,
        help_text=_("How often its worker died while it ran."),
    )

    result = models.JSONField(_("result"), null=True, blank=True)
    notes = models.JSONField(
        _("notes"),
        default=list,
        # The last release, which does not know the column, still writes rows beside this one.
        db_default=Value([], models.JSONField()),
        blank=True,
        editable=False,
        help_text=_("What to know about how the result was made."),
    )
    error = models.JSONField(_("error"), null=True, blank=True)
    model_used = models.CharField(_("model used"), max_length=255, blank=True, default="")
    fallback_used = models.BooleanField(_("fallback answered"), default=False)

    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    started_at = models.DateTimeField(_("started at"), null=True, editable=False)
    finished_at = models.DateTimeField(_("finished at"), null=True, editable=False)

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["user", "-created_at"], name="run_of_user"),
            models.Index(fields=["-created_at"], name="run_newest"),
            models.Index(
                fields=["status", "available_at"],
                name="run_open",
                condition=Q(status__in=[str(status) for status in OPEN]),
            ),
            models.Index(
                fields=["user"],
                name="run_open_of_user",
                condition=Q(status__in=[str(status) for status in OPEN]),
            ),
            models.Index(fields=["permit"], name="run_permit", condition=Q(permit__isnull=False)),
            models.Index(
                fields=["parked_on", "-priority", "created_at"],
                name="run_parked",
                condition=~Q(parked_on=""),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="run_status_known", condition=Q(status__in=[str(s) for s in Status])
            ),
            models.CheckConstraint(
                name="run_final_has_end",
                condition=Q(status__in=[str(s) for s in FINAL], finished_at__isnull=False)
                | Q(status__in=[str(s) for s in OPEN], finished_at__isnull=True),
            ),
            models.CheckConstraint(
                name="run_succeeded_has_result",
                condition=~Q(status="succeeded") | Q(result__isnull=False),
            ),
            models.CheckConstraint(
                name="run_running_has_claim",
                condition=Q(
                    status="running", claim_token__isnull=False, lease_expires_at__isnull=False
                )
                | (~Q(status="running") & Q(claim_token__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task_type} {self.id}"

    def status_at(self, moment: datetime) -> str:
        """The status as it reads at a moment: past its deadline an open run is ``expired``."""
        if self.status in OPEN and self.deadline <= moment:
            return str(Status.EXPIRED)
        return self.status


class Attempt(models.Model):
    """One call of one model on one host, or the note that a model was skipped."""

    run = models.ForeignKey(
        TaskRun, on_delete=models.CASCADE, related_name="attempts", verbose_name=_("run")
    )
    number = models.PositiveIntegerField(_("number"), null=True)
    model = models.CharField(_("model"), max_length=255)
    host = models.CharField(_("host"), max_length=255)
    outcome = models.CharField(_("outcome"), max_length=20)
    cause = models.CharField(
        _("cause"),
        max_length=40,
        blank=True,
        default="",
        # The last release, which does not know the column, still writes rows beside this one.
        db_default="",
        editable=False,
    )
    reason = models.CharField(_("reason"), max_length=500, blank=True, default="")
    count = models.PositiveIntegerField(_("count"), default=1)
    retry_after_seconds = models.FloatField(_("retry after (s)"), null=True)
    reload_options = models.JSONField(_("reload options"), default=dict, blank=True)
    started_at = models.DateTimeField(_("started at"))
    duration_ms = models.PositiveIntegerField(_("duration (ms)"))
    load_ms = models.PositiveIntegerField(_("loading (ms)"), null=True)
    queue_ms = models.PositiveIntegerField(_("in the server's queue (ms)"), null=True)
    first_token_ms = models.PositiveIntegerField(_("first token (ms)"), null=True)
    prompt_tokens = models.PositiveIntegerField(_("prompt tokens"), null=True)
    completion_tokens = models.PositiveIntegerField(_("completion tokens"), null=True)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="attempt_number_once"),
            models.CheckConstraint(
                name="attempt_outcome_known",
                condition=Q(outcome__in=[str(outcome) for outcome in Outcome]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number or '–'} {self.model}: {self.outcome}"

    @property
    def tokens_read(self) -> int:
        """Tokens of the prompt, where the model read it."""
        refused = self.cause == Cause.CONTEXT_OVERFLOW and self.completion_tokens is None
        return 0 if refused else self.prompt_tokens or 0


def usage(attempts: list[Attempt]) -> dict[str, Any]:
    """Tokens over all attempts of a run, those of failed attempts included."""
    return {
        "prompt_tokens": sum(attempt.tokens_read for attempt in attempts),
        "completion_tokens": sum(attempt.completion_tokens or 0 for attempt in attempts),
    }
