"""What workers store."""

from workers.models.breakers import Breaker
from workers.models.pauses import Pause
from workers.models.runs import Attempt, TaskRun, usage
from workers.models.worker_nodes import WorkerNode

__all__ = ["Attempt", "Breaker", "Pause", "TaskRun", "WorkerNode", "usage"]
