"""Every model that is configured anywhere, and by whom.

Within one scope the strongest place counts: what it overrides in its own scope nobody uses. Where
the environment or a tier's list refuses it, the next weaker one that is allowed there counts as
well, as when runs resolve.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Min, Q
from django.db.models.lookups import Exact

from llmconfig.database.model_expressions import normal_model
from llmconfig.layers.static import Static, static_config
from llmconfig.tables.models import Preference, Tier
from llmconfig.values import task_types
from llmconfig.values.fields import FIELDS
from llmconfig.values.kinds import Refused
from llmconfig.values.model_names import Policy, normalise_model
from llmconfig.values.types import MODEL_FIELDS, Origin, Statement


@dataclass(frozen=True, kw_only=True)
class StatedModel:
    """A model as one place, or many users, state it."""

    #: As it is spelled there; of users' spellings, the first in the alphabet.
    model: str
    #: ``model`` or ``fallback_model``.
    field: str
    layer: str
    #: File and line, variable or row; "" for users, who are many.
    place: str = ""
    tier: str | None = None
    #: The task types that it is for; None: all.
    task_types: tuple[str, ...] | None = None
    #: How many users state it; 0 where no user does.
    users: int = 0
    #: False: the environment's policy refuses it, and it is skipped.
    allowed: bool = True


def models_stated() -> tuple[StatedModel, ...]:
    """Those of file, variables and rows, in four queries. Rows of unknown task types are left out.

    Raises ``ConfigurationError``.
    """
    static = static_config()
    rows = Preference.objects.filter(_stating(), user=None).select_related("group")
    narrowing = Tier.objects.filter(allowed_models__isnull=False)
    lists = narrowing.values_list("allowed_models", flat=True)
    policies = _Policies(static.policy, tuple(tuple(each or ()) for each in lists))
    return (*_shared(static, list(rows), policies), *_of_users(static.policy))


def models_stated_static() -> tuple[StatedModel, ...]:
    """Those of file and variables alone. Raises ``ConfigurationError``."""
    static = static_config()
    return tuple(_shared(static, [], _Policies(static.policy)))


def users_stating(model: str, *, limit: int) -> list[str]:
    """The names of some users who state a model, sorted."""
    rows = Preference.objects.filter(states_model(model), user__isnull=False)
    names = rows.order_by("user__username").values_list("user__username", flat=True)
    return list(names.distinct()[:limit])


def states_model(model: str) -> Q:
    """Whether a row states a model, in any spelling, as model or fallback."""
    name = normalise_model(model)
    return Q(*(Exact(normal_model(field), name) for field in MODEL_FIELDS), _connector=Q.OR)


def unregistered_rows() -> dict[str, int]:
    """How many rows there are for each task type that is not registered, which are ignored."""
    rows = Preference.objects.exclude(task_type=None).exclude(task_type__in=task_types.names())
    counted = rows.values_list("task_type").annotate(rows=Count("pk")).order_by("task_type")
    return {str(name): count for name, count in counted}


class _Policies:
    """Whose policies there may be: the environment's, and it narrowed by each tier's list.

    A user of several tiers may use what any of their lists names: then one of them alone will do.
    """

    def __init__(self, environment: Policy, lists: tuple[tuple[str, ...], ...] = ()) -> None:
        self.environment = environment
        self.all = (environment, *(environment.narrowed([each]) for each in lists))


def _stating() -> Q:
    known = Q(task_type=None) | Q(task_type__in=task_types.names())
    return known & (Q(model__isnull=False) | Q(fallback_model__isnull=False))


def _shared(static: Static, rows: list[Preference], policies: _Policies) -> Iterator[StatedModel]:
    """What everyone, a task type or a tier states, scope by scope."""
    types = task_types.names()
    system = [each for source in static.sources for each in source.system]
    yield from _scope(system, _rows_for(rows), policies)
    for name in types:
        stated = [*_defaults(name), *_of_task_type(static, name)]
        yield from _scope(stated, _rows_for(rows, task_type=name), policies, task_type=name)
    for tier in dict.fromkeys((*static.tier_names(), *_tiers(rows))):
        stated = [each for source in static.sources for each in source.tiers.get(tier, ())]
        yield from _scope(stated, _rows_for(rows, tier), policies, tier=tier)
        for name in types:
            mine = _rows_for(rows, tier, name)
            yield from _scope([], mine, policies, task_type=name, tier=tier)


def _defaults(task_type: str) -> Iterator[Statement]:
    for field, value in task_types.defaults(task_type).items():
        yield Statement(field, value, Origin("task_type", "built-in"))


def _of_task_type(static: Static, name: str) -> Iterator[Statement]:
    return (each for source in static.sources for each in source.task_types.get(name, ()))


def _rows_for(
    rows: Iterable[Preference], tier: str | None = None, task_type: str | None = None
) -> list[Preference]:
    return [
        row
        for row in rows
        if (row.group.name if row.group else None, row.task_type) == (tier, task_type)
    ]


def _tiers(rows: Iterable[Preference]) -> list[str]:
    return sorted({row.group.name for row in rows if row.group})


def _scope(
    stated: Iterable[Statement],
    rows: Iterable[Preference],
    policies: _Policies,
    *,
    task_type: str | None = None,
    tier: str | None = None,
) -> Iterator[StatedModel]:
    """The statements of one scope that somebody uses. ``stated`` come weakest first."""
    layer = "tier" if tier else "task_type" if task_type else "system"
    places = [*stated, *(each for row in rows for each in _of_row(row, layer))]
    for field in MODEL_FIELDS:
        strongest_first = [each for each in reversed(places) if each.field == field]
        for statement, allowed in _reached(strongest_first, policies):
            yield StatedModel(
                model=statement.value,
                field=field,
                layer=layer,
                place=statement.origin.place,
                tier=tier,
                task_types=(task_type,) if task_type else None,
                allowed=allowed,
            )


def _reached(
    strongest_first: Iterable[Statement], policies: _Policies
) -> Iterator[tuple[Statement, bool]]:
    """Those that hold under some policy, and those that the environment refuses on the way."""
    passed_on = list(policies.all)
    for statement in strongest_first:
        allowed = policies.environment.allows(statement.value)
        refused = not allowed and policies.environment in passed_on
        remaining = [policy for policy in passed_on if not policy.allows(statement.value)]
        if statement.value and (refused or len(remaining) < len(passed_on)):
            yield statement, allowed
        passed_on = remaining


def _of_row(row: Preference, layer: str) -> Iterator[Statement]:
    for field in MODEL_FIELDS:
        value = getattr(row, field)
        if value is not None and _is_valid(field, value):
            yield Statement(field, value, Origin(layer, row.place))


def _is_valid(field: str, value: str) -> bool:
    """An older release may have stored what is no name by now; it is skipped."""
    try:
        FIELDS[field].kind.parse(value)
    except Refused:
        return False
    return True


def _of_users(policy: Policy) -> Iterator[StatedModel]:
    """What users state, counted by model: one query for each field."""
    rows = Preference.objects.filter(_stating(), user__isnull=False)
    for field in MODEL_FIELDS:
        named = rows.exclude(**{field: None}).exclude(**{field: ""})
        counted = named.values(name=normal_model(field)).annotate(
            spelling=Min(field),
            users=Count("user", distinct=True),
            types=ArrayAgg("task_type", distinct=True),
        )
        for group in counted.order_by("name"):
            model, types = group["spelling"], group["types"]
            if _is_valid(field, model):
                yield StatedModel(
                    model=model,
                    field=field,
                    layer="user",
                    task_types=None if None in types else tuple(sorted(types)),
                    users=group["users"],
                    allowed=policy.allows(model),
                )
