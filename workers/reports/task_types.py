"""Weekly reports: a week of entries as Markdown. They may wait long for a free model.

A run has its entries in its payload, or names the report of a person's week that it is to write.
"""

from collections.abc import Callable

from llmconfig.values.types import ResolvedConfig
from workers.reports import REPORT_TYPE
from workers.reports.errors import ReportUnderWay, ReportWritten, RunIsPart
from workers.reports.posted import posted_prepare
from workers.reports.writing import report_finished, report_prepare, report_run_again
from workers.runs.models import TaskRun
from workers.submission.children import PART
from workers.task_types import TaskType, register
from workers.task_types.drafts import Draft
from workers.task_types.payloads import EntriesPayload
from workers.task_types.preparation import Division


def _prepare(run: TaskRun, config: ResolvedConfig) -> Draft | Division:
    if _names_report(run):
        return report_prepare(run, config)
    return posted_prepare(KIND, run, config)


def _again(run: TaskRun, admit: Callable[[], object] | None) -> TaskRun | None:
    """Raises ``RunIsPart``."""
    if _names_report(run):
        return report_run_again(run, admit)
    if PART in run.payload:
        raise RunIsPart
    return None


def _names_report(run: TaskRun) -> bool:
    return "report" in run.payload


KIND = register(
    TaskType(
        name=REPORT_TYPE,
        prompt="weekly_report",
        payload=EntriesPayload,
        prepare=_prepare,
        finished=report_finished,
        again=_again,
        again_errors=(ReportWritten, ReportUnderWay, RunIsPart),
        defaults={"deadline_seconds": 24 * 3600},
    )
)
