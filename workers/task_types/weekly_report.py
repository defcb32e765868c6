"""Weekly reports: a week of entries as Markdown. They may wait long for a free model."""

from workers.payloads import EntriesPayload
from workers.task_types import TaskType, register

register(
    TaskType(
        name="TASK_TYPE_WEEKLY_REPORT",
        prompt="weekly_report",
        payload=EntriesPayload,
        defaults={"deadline_seconds": 24 * 3600},
    )
)
