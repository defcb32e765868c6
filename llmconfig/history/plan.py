"""Plan of a rollback: each row's change, and the rows that cannot return. Changes nothing."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from llmconfig.history.refusals import refusals_find, tiers_supposed
from llmconfig.history.scopes import Names, scope_name
from llmconfig.history.states import (
    AnyModel,
    made_after,
    state_at_version,
    state_of,
    states_at,
    states_now,
)
from llmconfig.history.steps import Plan, Refused, Step
from llmconfig.store.scopes import Scope
from llmconfig.tables.models import Preference, Tier
from llmconfig.values.diffs import SCOPE_FIELDS
from llmconfig.values.errors import RollbackRefused, UnknownVersion
from llmconfig.values.messages import gettext_noop

_UNKNOWN = gettext_noop("Its history begins later: nobody knows what it was.")


def plan_at(moment: datetime) -> Plan:
    """To return everything to an (aware) moment."""
    return _checked([*_steps_at(Tier, moment), *_steps_at(Preference, moment)])


def plan_of(model: AnyModel, row_id: int, version: int) -> Plan:
    """To return one row. Raises ``UnknownVersion``, also for the version of a deletion."""
    step = _step_to(model, row_id, version)
    return _checked([step] if step.before != step.after else [])


def plan_in(scope: Scope, row_id: int, version: int) -> Plan:
    """To have a document state what one of its rows stated; a row that has its place now goes.

    Raises ``UnknownVersion``, also for rows of other documents.
    """
    step = _step_to(Preference, row_id, version)
    if not all(scope.holds(state) for state in (step.before, step.after) if state is not None):
        raise UnknownVersion(step.name, version)
    place = {name: step.shown[name] for name in SCOPE_FIELDS}
    holders = Preference.objects.filter(**place).exclude(pk=row_id)
    steps = [*map(_removal, holders), step]
    return _checked([each for each in steps if each.before != each.after])


def _step_to(model: AnyModel, row_id: int, version: int) -> Step:
    after = state_at_version(model, row_id, version)
    if after is None:
        raise UnknownVersion(f"{model._meta.model_name} {row_id}", version)
    row = model.objects.filter(pk=row_id).first()
    stored, before = (row.version, state_of(row)) if row else (None, None)
    return Step(model=model, row_id=row_id, version=stored, before=before, after=after)


def _removal(row: Preference) -> Step:
    return Step(
        model=Preference, row_id=row.pk, version=row.version, before=state_of(row), after=None
    )


def _steps_at(model: AnyModel, moment: datetime) -> Iterable[Step]:
    now, then, made = states_now(model), states_at(model, moment), made_after(model, moment)
    for row_id in sorted(now.keys() | then.keys()):
        version, before = now.get(row_id, (None, None))
        known = row_id in then or row_id in made
        step = Step(
            model=model,
            row_id=row_id,
            version=version,
            before=before,
            after=then.get(row_id),
            refused=None if known else RollbackRefused(_UNKNOWN),
        )
        if step.before != step.after:
            yield step


def _checked(steps: list[Step]) -> Plan:
    """Tiers come first: their lists, as they will be, are policy for the users' rows."""
    named = _named(steps)
    tiers = _plan([step for step in named if step.model is Tier])
    with tiers_supposed(tiers.steps):
        preferences = _plan([step for step in named if step.model is Preference])
    return Plan(steps=tiers.steps + preferences.steps, refused=tiers.refused + preferences.refused)


def _named(steps: list[Step]) -> list[Step]:
    names = Names.of_states([step.shown for step in steps])
    return [replace(step, scope=scope_name(step.shown, names)) for step in steps]


def _plan(steps: list[Step]) -> Plan:
    refused = refusals_find(steps)
    return Plan(
        steps=tuple(step for step in steps if step.row_id not in refused),
        refused=tuple(
            Refused(step, refused[step.row_id]) for step in steps if step.row_id in refused
        ),
    )
