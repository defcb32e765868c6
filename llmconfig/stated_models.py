"""Every model that is configured anywhere, and by whom.

Within one scope the strongest place counts: what it overrides in its own scope nobody uses. Where
policy refuses it the next weaker one counts as well, as when runs resolve.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Q

from llmconfig import task_types
from llmconfig.layers.static import Static, static_config
from llmconfig.model_names import Policy, normalise_model
from llmconfig.models import Preference
from llmconfig.types import Origin, Statement

FIELDS = ("model", "fallback_model")


@dataclass(frozen=True, kw_only=True)
class StatedModel:
    """A model as one place, or many users, state it."""

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
    """Those of file, variables and rows, in three queries. Rows of unknown task types are left out.

    Raises ``ConfigurationError``.
    """
    static = static_config()
    rows = Preference.objects.filter(_stating(), user=None).select_related("group", "group__tier")
    return (*_shared(static, list(rows)), *_of_users(static.policy))


def models_stated_static() -> tuple[StatedModel, ...]:
    """Those of file and variables alone. Raises ``ConfigurationError``."""
    return tuple(_shared(static_config(), []))


def users_stating(model: str, *, limit: int) -> list[str]:
    """The names of some users who state a model, sorted."""
    name = normalise_model(model)
    spellings = {name, name.removesuffix(":latest")}
    rows = Preference.objects.filter(
        Q(model__in=spellings) | Q(fallback_model__in=spellings), user__isnull=False
    )
    names = rows.order_by("user__username").values_list("user__username", flat=True)
    return list(names.distinct()[:limit])


def unregistered_rows() -> dict[str, int]:
    """How many rows there are for each task type that is not registered, which are ignored."""
    rows = Preference.objects.exclude(task_type=None).exclude(task_type__in=task_types.names())
    counted = rows.values_list("task_type").annotate(rows=Count("pk")).order_by("task_type")
    return {str(name): count for name, count in counted}


def _stating() -> Q:
    known = Q(task_type=None) | Q(task_type__in=task_types.names())
    return known & (Q(model__isnull=False) | Q(fallback_model__isnull=False))


def _shared(static: Static, rows: list[Preference]) -> Iterator[StatedModel]:
    """What everyone, a task type or a tier states, scope by scope."""
    system = [statement for source in static.sources for statement in source.system]
    yield from _scope(system, [row for row in rows if _is_for(row, None, None)], static.policy)
    for name in task_types.names():
        stated = [
            *(
                Statement(field, value, Origin("task_type", "built-in"))
                for field, value in task_types.defaults(name).items()
            ),
            *(each for source in static.sources for each in source.task_types.get(name, ())),
        ]
        mine = [row for row in rows if _is_for(row, None, name)]
        yield from _scope(stated, mine, static.policy, task_type=name)
    for tier in dict.fromkeys((*static.tier_names(), *_tiers(rows))):
        stated = [each for source in static.sources for each in source.tiers.get(tier, ())]
        for scope in (None, *task_types.names()):
            mine = [row for row in rows if _is_for(row, tier, scope)]
            of_tier = stated if scope is None else []
            yield from _scope(of_tier, mine, static.policy, task_type=scope, tier=tier)


def _is_for(row: Preference, tier: str | None, task_type: str | None) -> bool:
    return (row.group.name if row.group else None, row.task_type) == (tier, task_type)


def _tiers(rows: Iterable[Preference]) -> list[str]:
    return sorted({row.group.name for row in rows if row.group})


def _scope(
    stated: Iterable[Statement],
    rows: Iterable[Preference],
    policy: Policy,
    *,
    task_type: str | None = None,
    tier: str | None = None,
) -> Iterator[StatedModel]:
    """The statements of one scope that somebody uses. ``stated`` come weakest first."""
    layer = "tier" if tier else "task_type" if task_type else "system"
    places = [*stated, *(each for row in rows for each in _of_row(row, layer))]
    for field in FIELDS:
        for statement in reversed([each for each in places if each.field == field]):
            allowed = policy.allows(statement.value)
            if statement.value:
                yield StatedModel(
                    model=statement.value,
                    field=field,
                    layer=layer,
                    place=statement.origin.place,
                    tier=tier,
                    task_types=(task_type,) if task_type else None,
                    allowed=allowed,
                )
            if allowed:
                break


def _of_row(row: Preference, layer: str) -> Iterator[Statement]:
    for field in FIELDS:
        if (value := getattr(row, field)) is not None:
            yield Statement(field, value, Origin(layer, row.place))


def _of_users(policy: Policy) -> Iterator[StatedModel]:
    """What users state, counted by model: one query for each field."""
    rows = Preference.objects.filter(_stating(), user__isnull=False)
    for field in FIELDS:
        named = rows.exclude(**{field: None}).exclude(**{field: ""})
        counted = named.values_list(field).annotate(
            users=Count("user", distinct=True), types=ArrayAgg("task_type", distinct=True)
        )
        for model, users, types in counted.order_by(field):
            yield StatedModel(
                model=model,
                field=field,
                layer="user",
                task_types=None if None in types else tuple(sorted(types)),
                users=users,
                allowed=policy.allows(model),
            )
