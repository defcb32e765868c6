"""Why a stored row, or a part of it, does not count."""

from collections.abc import Iterator

from django.contrib.auth.models import Group
from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from llmconfig.layers.static import static_config
from llmconfig.tables.models import Preference
from llmconfig.values import task_types
from llmconfig.values.fields import FIELDS, fields_parse
from llmconfig.values.model_names import Policy
from llmconfig.values.types import MODEL_FIELDS

#: In words, for badges and the filter.
STATES = {
    "not_allowed": _("model not allowed"),
    "invalid": _("not valid"),
    "not_registered": _("task type not registered"),
    "empty": _("states nothing"),
}


def with_tiers(rows: QuerySet[Preference]) -> QuerySet[Preference]:
    """The rows with what ``row_states`` reads of their users, in one query more."""
    return rows.prefetch_related(
        Prefetch("user__groups", queryset=Group.objects.select_related("tier"))
    )


def row_states(row: Preference) -> Iterator[str]:
    """The keys of ``STATES`` that hold for a row read by ``with_tiers``."""
    if row.task_type and row.task_type not in task_types.names():
        yield "not_registered"
    if _policy(row).refused(getattr(row, name) or "" for name in MODEL_FIELDS):
        yield "not_allowed"
    stated = row.stated()
    if fields_parse(stated)[1]:
        yield "invalid"
    if not stated:
        yield "empty"


def rows_in_state(rows: QuerySet[Preference], state: str) -> QuerySet[Preference]:
    """Those of the rows that are in a state of ``STATES``."""
    if state == "not_registered":
        return rows.exclude(task_type=None).exclude(task_type__in=task_types.names())
    if state == "empty":
        nothing = dict.fromkeys(FIELDS)
        return rows.filter(parameters={}, **nothing)
    if state == "invalid":
        return rows.filter(pk__in=_invalid())
    return rows.filter(_refused_by_environment() | Q(pk__in=_refused_by_tiers()))


def _policy(row: Preference) -> Policy:
    environment = static_config().policy
    if row.user is None:
        return environment
    groups = row.user.groups.all()
    lists = [group.tier.allowed_models for group in groups if hasattr(group, "tier")]
    return environment.narrowed(None if each is None else tuple(each) for each in lists)


def _invalid() -> list[int]:
    """Bounds are the database's matter; names and texts are read one by one."""
    rows = Preference.objects.order_by("pk").iterator()
    return [row.pk for row in rows if fields_parse(row.stated())[1]]


def _refused_by_environment() -> Q:
    policy = static_config().policy
    refused = Q(pk__in=())
    for name in MODEL_FIELDS:
        # Ordered by nothing: the default order would make the names of all rows distinct.
        names = Preference.objects.order_by().values_list(name, flat=True).distinct()
        refused |= Q(**{f"{name}__in": policy.refused(each or "" for each in names)})
    return refused


def _refused_by_tiers() -> list[int]:
    narrowed = Preference.objects.filter(user__groups__tier__allowed_models__isnull=False)
    rows = with_tiers(narrowed.select_related("user").distinct())
    return [row.pk for row in rows if "not_allowed" in row_states(row)]
