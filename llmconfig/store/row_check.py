"""What a row must satisfy to be stored, by a save and by a rollback alike.

Whether its scope, rank or group is free is not asked here: the database decides that, also between
two who ask at once.
"""

from llmconfig.store.preference_check import preference_check
from llmconfig.tables.models import Preference, Tier
from llmconfig.values import task_types
from llmconfig.values.errors import UnknownTaskType


def row_check(row: Preference | Tier) -> None:
    """Refuse what no save may store. That its user exists is known to whoever calls.

    Raises Django's ``ValidationError``, ``UnknownTaskType``, ``ModelNotAllowed``,
    ``FallbackSameAsModel``.
    """
    # Django would look these up; who saved a row last is no input.
    exclude = {"user", "updated_by"} if isinstance(row, Preference) else set()
    row.full_clean(exclude=exclude, validate_unique=False, validate_constraints=False)
    if isinstance(row, Preference):
        preference_check(row)
        _task_type_check(row)


def _task_type_check(row: Preference) -> None:
    """A row of a type that is registered no more may be edited, none is made for one."""
    name = row.task_type
    if name is None or name in task_types.names():
        return
    if not Preference.objects.filter(pk=row.pk, task_type=name).exists():
        raise UnknownTaskType(name, task_types.names())
