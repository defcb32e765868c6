"""Rows of worker processes, their leader and the installation's identity."""

from workers.process.models.installation import Installation
from workers.process.models.leaders import Leader
from workers.process.models.worker_nodes import WorkerNode

__all__ = ["Installation", "Leader", "WorkerNode"]
