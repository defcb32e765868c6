"""Free text: the caller's own prompt, sent as it is."""

from workers.task_types import TaskType, register
from workers.task_types.payloads import PromptPayload

register(
    TaskType(
        name="TASK_TYPE_TEXT_GENERATION",
        prompt="text_generation",
        payload=PromptPayload,
    )
)
