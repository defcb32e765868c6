"""Why a report's text is not being written yet, as one sentence for its person."""

from collections.abc import Mapping
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workers.runs.models import TaskRun
from workers.runs.obstacles import Kind, Obstacle
from workers.runs.states import Status

#: Of a parked run. One that waits for its parts is being written.
_PARKED: Mapping[Kind, object] = {
    Kind.HOST: gettext_lazy("It waits for the model server, which does not answer."),
    Kind.QUEUE: gettext_lazy("It waits: its queue is paused."),
    Kind.MODEL: gettext_lazy("It waits: its model is paused."),
    Kind.BREAKER: gettext_lazy("It waits: its models failed lately and are tried again soon."),
    Kind.PERMIT: gettext_lazy("It waits for its turn at the model."),
    Kind.PARTS: "",
}


def waits_sentence(run: TaskRun, now: datetime) -> str:
    """What the run waits for; "" for one that has ended or is being worked on."""
    match run.status_at(now):
        case Status.PENDING | Status.QUEUED if run.available_at > now:
            moment = date_format(timezone.localtime(run.available_at), "DATETIME_FORMAT")
            return _("It starts at %(moment)s.") % {"moment": moment}
        case Status.PENDING | Status.QUEUED:
            return _("It waits for a free worker.")
        case Status.RETRYING if run.parked_on:
            return str(_PARKED[Obstacle.read(run.parked_on).kind])
        case Status.RETRYING:
            return _("It waits: the last attempt failed, and the next one is made soon.")
    return ""
