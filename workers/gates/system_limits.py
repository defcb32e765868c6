"""The limits of the system itself: those of a run of a task type that is no user's."""

from llmconfig.resolution.selectors import config_resolve
from llmconfig.values.errors import NoAllowedModel
from llmconfig.values.fields import FIELDS
from workers.gates.verdicts import SystemLimits


def system_limits(task_type: str) -> SystemLimits:
    """What layers ``system`` and ``task_type`` state now, else the built-in defaults."""
    try:
        config = config_resolve(user_id=None, task_type=task_type)
    except NoAllowedModel:
        return SystemLimits(timeout_seconds=FIELDS["timeout_seconds"].default)
    return SystemLimits(
        timeout_seconds=config.timeout_seconds,
        first_token_timeout_seconds=config.first_token_timeout_seconds,
    )
