"""Data analyses: patterns in a set of entries, as Markdown."""

from workers.task_types import TaskType, register
from workers.task_types.payloads import EntriesPayload

register(
    TaskType(
        name="TASK_TYPE_DATA_ANALYSIS",
        prompt="data_analysis",
        payload=EntriesPayload,
    )
)
