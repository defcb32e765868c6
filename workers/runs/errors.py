"""Every error of this package.

WorkerError
├── UnknownPriority            400  unknown_priority
├── InvalidIdempotencyKey      400  invalid_idempotency_key
├── IdempotencyKeyReused       409  idempotency_key_reused
├── InvalidPayload             400  invalid_payload
│   └── PayloadNotStorable     409  payload_not_storable
├── DeadlineTooLong            409  deadline_too_long
├── PayloadTooLarge            413  payload_too_large
├── TooManyActiveRuns          429  too_many_active_runs
├── UnknownUser                404  unknown_user
├── UnknownRun                 404  not_found
├── RunFinished                409  run_finished
├── RunNotFinished             409  run_not_finished
├── RunWithoutResult           409  run_without_result
├── FeedbackNotYours           409  feedback_not_yours
├── UnknownFeedback            404  unknown_feedback
├── InvalidPause               400  invalid_pause
├── AlreadyPaused              409  already_paused
├── NotPaused                  409  not_paused
└── InvalidMessage             400  invalid_message
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _


class WorkerError(Exception):
    """Root of what this package raises to its callers.

    ``errors`` maps a field to what is wrong with it, where there is such a field.
    """

    code: ClassVar[str] = "worker_error"
    status: ClassVar[int] = 500
    default_detail: ClassVar[Any] = _("The work could not be accepted.")

    def __init__(self, detail: str | None = None, *, errors: Mapping[str, Any] | None = None):
        self.detail = str(detail or self.default_detail)
        self.errors = errors
        super().__init__(self.detail)


class UnknownPriority(WorkerError):
    """A priority other than ``normal`` and ``low``."""

    code = "unknown_priority"
    status = 400
    default_detail = _("The priority is unknown; accepted: normal, low.")


class InvalidIdempotencyKey(WorkerError):
    """An ``Idempotency-Key`` that is empty, too long or not printable."""

    code = "invalid_idempotency_key"
    status = 400
    default_detail = _("The Idempotency-Key is not valid; accepted: 1 to 255 printable characters.")


class IdempotencyKeyReused(WorkerError):
    """The same ``Idempotency-Key`` came with another request."""

    code = "idempotency_key_reused"
    status = 409
    default_detail = _("This Idempotency-Key was used for another request in the last 24 hours.")


class InvalidPayload(WorkerError):
    """The payload is not what its task type takes."""

    code = "invalid_payload"
    status = 400
    default_detail = _("The payload is not what this task type takes.")


class PayloadNotStorable(InvalidPayload):
    """The payload has the right form, and holds what cannot be stored: NUL, half a character, or
    more levels than 20."""

    code = "payload_not_storable"
    status = 409
    default_detail = _("The payload holds what cannot be stored.")


class DeadlineTooLong(WorkerError):
    """A request asks for a longer deadline than its configuration gives."""

    code = "deadline_too_long"
    status = 409

    def __init__(self, seconds: int, longest: int) -> None:
        detail = _("A deadline of %(seconds)s s is longer than the configured %(longest)s s.")
        super().__init__(detail % {"seconds": seconds, "longest": longest})


class PayloadTooLarge(WorkerError):
    """The payload is larger than 256 KB as JSON."""

    code = "payload_too_large"
    status = 413
    default_detail = _("The payload is larger than 256 KB.")


class TooManyActiveRuns(WorkerError):
    """The user has as many runs that have not ended as one user may have."""

    code = "too_many_active_runs"
    status = 429
    default_detail = _("You have too many tasks that have not ended; wait until some end.")
    #: When to ask again: runs take seconds.
    retry_after_seconds: ClassVar[int] = 10


class UnknownUser(WorkerError):
    """There is no such user."""

    code = "unknown_user"
    status = 404
    default_detail = _("There is no such user.")


class UnknownRun(WorkerError):
    """There is no such run, or it is somebody else's."""

    code = "not_found"
    status = 404
    default_detail = _("There is no such task.")


class RunFinished(WorkerError):
    """What is asked of a run is possible only before it ends."""

    code = "run_finished"
    status = 409

    def __init__(self, status: str) -> None:
        super().__init__(_("The task has ended already: %(status)s.") % {"status": status})


class RunNotFinished(WorkerError):
    """What is asked of a run is possible only after it has ended."""

    code = "run_not_finished"
    status = 409

    def __init__(self, status: str) -> None:
        super().__init__(_("The task has not ended yet: %(status)s.") % {"status": status})


class RunWithoutResult(WorkerError):
    """The run ended, and not with a result."""

    code = "run_without_result"
    status = 409

    def __init__(self, status: str, reason: str) -> None:
        detail = _("The task ended without a result: %(status)s. %(reason)s")
        super().__init__((detail % {"status": status, "reason": reason}).strip())


class FeedbackNotYours(WorkerError):
    """A result is judged by whoever asked for it."""

    code = "feedback_not_yours"
    status = 409
    default_detail = _("Only whoever submitted the task may judge its result.")


class UnknownFeedback(WorkerError):
    """The run has no feedback."""

    code = "unknown_feedback"
    status = 404
    default_detail = _("The task has no feedback.")


class InvalidPause(WorkerError):
    """What is to be paused or resumed is no queue and no model."""

    code = "invalid_pause"
    status = 400

    def __init__(self, name: str, accepted: str) -> None:
        detail = _("%(name)r cannot be paused; accepted: %(accepted)s.")
        super().__init__(detail % {"name": name, "accepted": accepted})


class AlreadyPaused(WorkerError):
    """What is to be paused is paused."""

    code = "already_paused"
    status = 409

    def __init__(self, name: str) -> None:
        super().__init__(_("The %(name)s is paused already.") % {"name": name})


class NotPaused(WorkerError):
    """What is to be resumed is not paused."""

    code = "not_paused"
    status = 409

    def __init__(self, name: str) -> None:
        super().__init__(_("%(name)s is not paused.") % {"name": name})


class InvalidMessage(WorkerError):
    """A message from a producer without a run makes no sense."""

    code = "invalid_message"
    status = 400
