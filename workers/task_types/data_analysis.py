"""Data analyses: patterns in a set of entries, as Markdown."""

from workers.payloads import EntriesPayload
from workers.task_types import TaskType, register

register(
    TaskType(
        name="TASK_TYPE_DATA_ANALYSIS",
        prompt="data_analysis",
        payload=EntriesPayload,
    )
)
