"""Every model of the app: the door that Django looks for; rooms import their own."""

from workers.gates.models import Breaker, Pause, PermitPool
from workers.process.models import Installation, Leader, WorkerNode
from workers.runs.models import UNREAD, Attempt, Feedback, TaskRun, usage
from workers.submission.models import KeptAnswer

__all__ = [
    "UNREAD",
    "Attempt",
    "Breaker",
    "Feedback",
    "Installation",
    "KeptAnswer",
    "Leader",
    "Pause",
    "PermitPool",
    "TaskRun",
    "WorkerNode",
    "usage",
]
