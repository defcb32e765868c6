"""Making reports: the row and its run in one transaction, for one person or for many.

A person has one report of a week, by a constraint of the database: who asks second finds it. A
report whose run ended without a text gets a new run, on the same row.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from llmconfig.database.conflicts import conflicts_retried
from llmconfig.resolution.selectors import config_resolve
from llmconfig.values.errors import LLMConfigError
from llmconfig.values.types import ResolvedConfig
from workers.messaging.bulk_publish import runs_publish
from workers.reports import REPORT_TYPE
from workers.reports.activity import wanted_active
from workers.reports.errors import (
    NoActivity,
    ReportUnderWay,
    ReportWritten,
    WeekNotEnded,
    WeekTooOld,
)
from workers.reports.models import WeeklyReport
from workers.reports.people import places_of
from workers.reports.status import report_status
from workers.reports.wanted import Wanted
from workers.reports.weeks import Week, week_last_ended
from workers.runs.bulk_insert import rows_copy
from workers.runs.models import TaskRun
from workers.runs.states import FAILED, OPEN
from workers.submission.bulk_resolve import Decision, Question, question_of, questions_decide
from workers.submission.enqueue import run_build, run_store

#: A report: its user's number and its week's name.
Key = tuple[int, str]
#: As of `enqueue`: called in the transaction that stores a run, and may refuse it.
Admit = Callable[[], object]


@dataclass(frozen=True, kw_only=True)
class Started:
    """What became of one report that was wanted: its row, or why there is none."""

    wanted: Wanted
    report: WeeklyReport | None = None
    #: Whether a run was begun for it; otherwise the report was there.
    is_new: bool = False
    error: LLMConfigError | None = None


@conflicts_retried
def reports_start(
    wanted: Sequence[Wanted], *, priority: str = "low", admit: Admit | None = None
) -> list[Started]:
    """Make these reports, each with its run; all are told, in their order.

    Rows and runs are stored in one transaction and published when that, or the one around it,
    commits; what is available later is left to the sweeper. A report that is there is left as it
    is. Nobody asks again whether there is something to report (``wanted_active``). Raises
    ``ConfigurationError``, and ``IntegrityError`` for a user who is gone.
    """
    found = _found(wanted)
    missing = [each for each in wanted if _key(each) not in found]
    decisions = questions_decide(map(_question, missing))
    with transaction.atomic():
        if admit and missing:
            admit()
        made = _store(missing, decisions, priority)
        found |= _found([each for each in missing if _key(each) not in made])
    return [_started(each, made, found, decisions) for each in wanted]


def report_start(
    *,
    user_id: int,
    week: Week | None = None,
    moment: datetime | None = None,
    admit: Admit | None = None,
) -> Started:
    """One person's report of a week that has ended, by default the last one, as they ask for it.

    One that failed gets a new run; one that is there, or under way, is left as it is. ``admit`` may
    refuse a new run, in the transaction that would store it. Raises
    ``WeekNotEnded``, ``WeekTooOld``, ``NoActivity``, and what ``config_resolve`` raises.
    """
    now = moment or timezone.now()
    place = places_of([user_id])[user_id]
    week = week or week_last_ended(now, place.zone)
    wanted = Wanted(user_id=user_id, week=week, place=place)
    found = report_asked(wanted, now)
    if found is not None:
        return _started_again(wanted, found, admit)
    (started,) = reports_start([wanted], priority="normal", admit=admit)
    if started.error:
        raise started.error
    return started


def report_asked(wanted: Wanted, now: datetime) -> WeeklyReport | None:
    """The report that somebody asks for, if there is one. Raises ``WeekNotEnded``, ``WeekTooOld``
    and ``NoActivity`` where none can be begun."""
    found = _found([wanted]).get(_key(wanted))
    if found is None or report_status(found) in FAILED:
        _refuse(wanted, now)
    return found


@conflicts_retried
@transaction.atomic
def report_again(report: WeeklyReport, admit: Admit | None = None) -> TaskRun:
    """A new run for a report whose last one ended without a text; its configuration is resolved
    anew. ``admit`` may refuse it. Raises ``ReportWritten``, ``ReportUnderWay``, and what
    ``config_resolve`` raises."""
    locked = WeeklyReport.objects.select_for_update().get(pk=report.pk)
    if locked.written_at:
        raise ReportWritten
    last = locked.run
    if last and last.status_at(timezone.now()) in OPEN:
        raise ReportUnderWay
    config = config_resolve(user_id=locked.user_id, task_type=REPORT_TYPE)
    run = run_store(
        task_type=REPORT_TYPE,
        payload=_payload(locked),
        user_id=locked.user_id,
        config=config,
        available_at=timezone.now(),
        retry_of=last,
        admit=admit,
    )
    WeeklyReport.objects.filter(pk=locked.pk).update(run=run)
    return run


def _started_again(wanted: Wanted, report: WeeklyReport, admit: Admit | None) -> Started:
    try:
        report_again(report, admit)
    except (ReportWritten, ReportUnderWay):
        return Started(wanted=wanted, report=report)
    report.refresh_from_db()
    return Started(wanted=wanted, report=report, is_new=True)


def _refuse(wanted: Wanted, now: datetime) -> None:
    days = settings.RUN_RETENTION_DAYS
    _starts_at, ends_at = wanted.bounds
    if ends_at > now:
        raise WeekNotEnded(wanted.week)
    if ends_at <= now - timedelta(days=days):
        raise WeekTooOld(wanted.week, days)
    if not wanted_active([wanted]):
        raise NoActivity(wanted.week)


def _store(
    wanted: Sequence[Wanted], decisions: Mapping[Question, Decision], priority: str
) -> dict[Key, WeeklyReport]:
    """The reports that were not there, stored with their runs."""
    built = [
        _build(each, config, priority)
        for each in wanted
        if isinstance(config := decisions[_question(each)], ResolvedConfig)
    ]
    reports = WeeklyReport.objects.bulk_create(
        [report for report, _run in built], ignore_conflicts=True
    )
    stored = WeeklyReport.objects.filter(pk__in=[report.pk for report in reports])
    ours = set(stored.values_list("pk", flat=True))
    runs = [run for report, run in built if report.pk in ours]
    rows_copy(runs)
    due = [run for run in runs if run.available_at <= timezone.now()]
    transaction.on_commit(lambda: runs_publish(due), robust=True)
    return {(report.user_id, report.week): report for report in reports if report.pk in ours}


def _build(wanted: Wanted, config: ResolvedConfig, priority: str) -> tuple[WeeklyReport, TaskRun]:
    starts_at, ends_at = wanted.bounds
    report = WeeklyReport(
        user_id=wanted.user_id,
        week=str(wanted.week),
        starts_at=starts_at,
        ends_at=ends_at,
        time_zone=wanted.place.zone.key,
        language=wanted.place.language,
    )
    run = run_build(
        task_type=REPORT_TYPE,
        payload=_payload(report),
        user_id=wanted.user_id,
        config=config,
        available_at=wanted.available_at or timezone.now(),
        priority=priority,
    )
    report.run_id = run.pk
    return report, run


def _payload(report: WeeklyReport) -> dict[str, str]:
    """It names what is to be written, which is read when a worker writes it."""
    return {"report": str(report.pk), "week": report.week}


def _started(
    wanted: Wanted,
    made: Mapping[Key, WeeklyReport],
    found: Mapping[Key, WeeklyReport],
    decisions: Mapping[Question, Decision],
) -> Started:
    key = _key(wanted)
    if report := made.get(key) or found.get(key):
        return Started(wanted=wanted, report=report, is_new=key in made)
    decision = decisions.get(_question(wanted))
    return Started(wanted=wanted, error=decision if isinstance(decision, LLMConfigError) else None)


def _found(wanted: Sequence[Wanted]) -> dict[Key, WeeklyReport]:
    if not wanted:
        return {}
    reports = WeeklyReport.objects.filter(
        user__in=[each.user_id for each in wanted],
        week__in={str(each.week) for each in wanted},
    )
    return {(report.user_id, report.week): report for report in reports.defer("content", "facts")}


def _key(wanted: Wanted) -> Key:
    return wanted.user_id, str(wanted.week)


def _question(wanted: Wanted) -> Question:
    return question_of(wanted.user_id, REPORT_TYPE, None)
