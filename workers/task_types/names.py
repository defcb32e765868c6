"""Names on the wire that follow from a task type's: its Celery task, and its queue's stem. Pure."""

PREFIX = "TASK_TYPE_"
NAMESPACE = "llm."


def celery_name(name: str) -> str:
    """``TASK_TYPE_WEEKLY_REPORT`` → ``llm.weekly_report``."""
    return NAMESPACE + name.removeprefix(PREFIX).lower()
