"""Refusals of a rollback: rows that cannot return to an earlier state.

A row returns through what a save asks of it: valid values, a registered task type, models that
policy allows now, a user or group that exists, and a scope (rank, group) that is free.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from llmconfig.history.states import AnyModel
from llmconfig.history.steps import Place, Step
from llmconfig.store.row_check import row_check
from llmconfig.tables.models import Tier
from llmconfig.values.diffs import State
from llmconfig.values.errors import EditConflict, InvalidPreference, LLMConfigError, RollbackRefused
from llmconfig.values.messages import Message, gettext_noop


def refusals_find(steps: Sequence[Step]) -> dict[int, LLMConfigError]:
    """By row, of steps on one table."""
    found = {step.row_id: error for step in steps if (error := _refusal(step))}
    holders = {place: _holder(step.model, place) for step in steps for place in step.new_places}
    # A row that stays where it is may stand in the way of another, which then stays, too.
    while clashes := _clashes([step for step in steps if step.row_id not in found], holders):
        found.update(clashes)
    return found


@contextmanager
def tiers_supposed(steps: Iterable[Step]) -> Iterator[None]:
    """Policy as it will be. What is written here is gone at the end, and tells no one."""
    steps = list(steps)
    rows: QuerySet[Tier] = QuerySet(Tier)
    with transaction.atomic():
        rows.filter(pk__in=[step.row_id for step in steps])._raw_delete(rows.db)
        rows.bulk_create(step.row(made_again=True) for step in steps if step.after)  # type: ignore[misc]  # they are tiers
        yield
        transaction.set_rollback(True)


def _refusal(step: Step) -> LLMConfigError | None:
    if step.refused or step.after is None:
        return step.refused
    try:
        _owner_check(step.after)
        row_check(step.row(made_again=step.before is None))
    except ValidationError as error:
        return InvalidPreference(Message(" ".join(error.messages)))
    except LLMConfigError as error:
        return error
    return None


def _owner_check(state: State) -> None:
    for model, number in (
        (get_user_model(), state.get("user_id")),
        (Group, state.get("group_id")),
    ):
        if number is not None and not model._default_manager.filter(pk=number).exists():
            text = gettext_noop("Its %(owner)s %(number)s is deleted.")
            owner = Message(str(model._meta.verbose_name))
            raise RollbackRefused(Message(text, {"owner": owner, "number": number}))


def _holder(model: AnyModel, place: Place) -> int | None:
    """The row that has it now."""
    return model.objects.filter(**dict(place.values)).values_list("pk", flat=True).first()


def _clashes(
    steps: Sequence[Step], holders: Mapping[Place, int | None]
) -> dict[int, LLMConfigError]:
    """Of rows that all move at once, those whose place stays or becomes another row's."""
    moving = {step.row_id for step in steps}
    taken = {place: holder for place, holder in holders.items() if holder not in moving | {None}}
    found: dict[int, LLMConfigError] = {}
    for step in steps:
        for place in step.places:
            if taken.setdefault(place, step.row_id) != step.row_id:
                found[step.row_id] = EditConflict.taken(place.what)
    return found
