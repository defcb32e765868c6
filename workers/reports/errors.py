"""Errors of weekly reports.

WorkerError
├── UnknownWeek                409  unknown_week
├── WeekNotEnded               409  week_not_ended
├── WeekTooOld                 409  week_too_old
├── NoActivity                 409  no_activity
├── ReportUnderWay             409  report_under_way
├── ReportWritten              409  report_written
├── RunIsPart                  409  run_is_part
├── UnknownTimeZone            409  unknown_time_zone
├── UnknownLanguage            409  unknown_language
└── UnknownReport              404  not_found
"""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from llmconfig.values.messages import Message
from workers.runs.errors import WorkerError


class UnknownWeek(WorkerError):
    """The calendar has no such week."""

    code = "unknown_week"
    status = 409

    def __init__(self, message: Message) -> None:
        told = message.translate(gettext)
        super().__init__(told, errors={"week": [told]})


class WeekNotEnded(WorkerError):
    """The week goes on, or is to come."""

    code = "week_not_ended"
    status = 409

    def __init__(self, week: object) -> None:
        detail = _("The week %(week)s has not ended; accepted: a week that has ended.")
        super().__init__(detail % {"week": week})


class WeekTooOld(WorkerError):
    """What was done in the week may have been deleted."""

    code = "week_too_old"
    status = 409

    def __init__(self, week: object, days: int) -> None:
        detail = _("The week %(week)s is too old: what ended is kept for %(days)s days.")
        super().__init__(detail % {"week": week, "days": days})


class NoActivity(WorkerError):
    """There is nothing to report."""

    code = "no_activity"
    status = 409

    def __init__(self, week: object) -> None:
        detail = _("There is nothing to report of %(week)s: no entries, insights or analyses.")
        super().__init__(detail % {"week": week})


class ReportUnderWay(WorkerError):
    """A run that has not ended writes the report."""

    code = "report_under_way"
    status = 409
    default_detail = _("The report of this week is being written.")


class ReportWritten(WorkerError):
    """The report is there, and stays as it is."""

    code = "report_written"
    status = 409
    default_detail = _("The report of this week is written already.")


class RunIsPart(WorkerError):
    """Only the whole is done again."""

    code = "run_is_part"
    status = 409
    default_detail = _("This task is a part of another one, which can be done again as a whole.")


class UnknownReport(WorkerError):
    """There is no such report, or it is somebody else's."""

    code = "not_found"
    status = 404
    default_detail = _("There is no such report.")


class UnknownTimeZone(WorkerError):
    """The time zone database of this machine has no such zone."""

    code = "unknown_time_zone"
    status = 409

    def __init__(self, name: str) -> None:
        detail = _("There is no time zone %(name)r; accepted: a name such as Europe/Berlin.")
        told = detail % {"name": name}
        super().__init__(told, errors={"time_zone": [told]})


class UnknownLanguage(WorkerError):
    """Nothing is known of such a language."""

    code = "unknown_language"
    status = 409

    def __init__(self, tag: str) -> None:
        detail = _("The language %(tag)r is not known; accepted: a tag such as de or pt-br.")
        told = detail % {"tag": tag}
        super().__init__(told, errors={"language": [told]})
