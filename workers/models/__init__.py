"""What workers store."""

from workers.models.breakers import Breaker
from workers.models.pauses import Pause
from workers.models.reports import Delivery, MailState, ReportSettings, Weekday, WeeklyReport
from workers.models.runs import Attempt, TaskRun, usage
from workers.models.worker_nodes import WorkerNode

__all__ = [
    "Attempt",
    "Breaker",
    "Delivery",
    "MailState",
    "Pause",
    "ReportSettings",
    "TaskRun",
    "Weekday",
    "WeeklyReport",
    "WorkerNode",
    "usage",
]
