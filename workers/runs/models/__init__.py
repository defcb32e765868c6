"""Rows of runs, their attempts and the feedback on them."""

from workers.runs.models.feedback import Feedback
from workers.runs.models.runs import UNREAD, Attempt, TaskRun, usage

__all__ = ["UNREAD", "Attempt", "Feedback", "TaskRun", "usage"]
