"""What workers store."""

from workers.models.answers import KeptAnswer
from workers.models.breakers import Breaker
from workers.models.fan_outs import FanOut, ReportRefusal
from workers.models.feedback import Feedback
from workers.models.installation import Installation
from workers.models.leaders import Leader
from workers.models.pauses import Pause
from workers.models.permits import PermitPool
from workers.models.reports import Delivery, MailState, ReportSettings, Weekday, WeeklyReport
from workers.models.runs import UNREAD, Attempt, TaskRun, usage
from workers.models.worker_nodes import WorkerNode

__all__ = [
    "UNREAD",
    "Attempt",
    "Breaker",
    "Delivery",
    "FanOut",
    "Feedback",
    "Installation",
    "KeptAnswer",
    "Leader",
    "MailState",
    "Pause",
    "PermitPool",
    "ReportRefusal",
    "ReportSettings",
    "TaskRun",
    "Weekday",
    "WeeklyReport",
    "WorkerNode",
    "usage",
]
