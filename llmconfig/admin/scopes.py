"""The four lists of preferences: whom each is for, and what it shows."""

from dataclasses import dataclass

from django.db.models import Q
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from llmconfig.tables.models import Preference

CHANGELIST = "llmconfig_preference_changelist"


@dataclass(frozen=True, kw_only=True)
class Scope:
    """One of the lists."""

    #: In addresses: ``task-types``.
    slug: str
    title: Promise | str
    intro: Promise | str
    #: What an empty list says.
    empty: Promise | str
    rows: Q
    #: Columns that tell whom a row is for.
    columns: tuple[str, ...]
    #: Fields of the form that state the scope.
    fields: tuple[str, ...]
    search: tuple[str, ...] = ()
    search_help: Promise | str = ""
    filters: tuple[str, ...] = ()
    ordering: tuple[str, ...] = ("id",)

    @property
    def url_name(self) -> str:
        return f"llmconfig_preference_{self.slug.replace('-', '_')}"

    @property
    def csv_url_name(self) -> str:
        return f"{self.url_name}_csv"

    @property
    def csv_url(self) -> str:
        return reverse(f"admin:{self.csv_url_name}")

    @property
    def url(self) -> str:
        name = CHANGELIST if self is ALL else self.url_name
        return reverse(f"admin:{name}")


EVERYONE = Scope(
    slug="everyone",
    title=_("Everyone"),
    intro=_(
        "One row at most. It is stronger than built-in values, the file and the environment, and"
        " weaker than all other rows."
    ),
    empty=_("No row: everyone gets what the file and the environment state."),
    rows=Q(user=None, group=None, task_type=None),
    columns=("scope",),
    fields=(),
)
TASK_TYPES = Scope(
    slug="task-types",
    title=_("Task types"),
    intro=_("What one kind of work uses, for all people who state nothing themselves."),
    empty=_("No row: each task type gets what the file and the environment state."),
    rows=Q(user=None, group=None, task_type__isnull=False),
    columns=("task_type_text",),
    fields=("task_type",),
    search=("task_type", "model", "fallback_model"),
    search_help=_("Task type or model"),
    filters=("task_type", "model", "fallback", "state"),
    ordering=("task_type",),
)
TIERS = Scope(
    slug="tiers",
    title=_("Preferences of tiers"),
    intro=_(
        "What the members of a tier use, for all work or for one task type. Of several tiers of"
        " one user, the one with the highest rank is strongest."
    ),
    empty=_("No tier states anything."),
    rows=Q(group__isnull=False),
    columns=("group_text", "task_type_text"),
    fields=("group", "task_type"),
    search=("group__name", "task_type", "model", "fallback_model"),
    search_help=_("Tier, task type or model"),
    filters=("tier", "task_type", "model", "fallback", "state"),
    ordering=("group__tier__rank", "group__name", "task_type"),
)
USERS = Scope(
    slug="users",
    title=_("Preferences of users"),
    intro=_("What single people have chosen; stronger than everything but a single request."),
    empty=_("No user states anything."),
    rows=Q(user__isnull=False),
    columns=("user_text", "task_type_text"),
    fields=("user", "task_type"),
    search=(
        "user__username",
        "user__email",
        "user__first_name",
        "user__last_name",
        "user__groups__name",
        "model",
        "fallback_model",
    ),
    search_help=_("Name, mail, group or model"),
    filters=("tier", "task_type", "model", "fallback", "state"),
    ordering=("user__username", "task_type"),
)
ALL = Scope(
    slug="all",
    title=_("All preferences"),
    intro=_("Every stored row."),
    empty=_("No row is stored: everyone gets what the file and the environment state."),
    rows=Q(),
    columns=("scope",),
    fields=("user", "group", "task_type"),
    search=(*USERS.search, "group__name", "task_type"),
    search_help=_("Name, mail, group, task type or model"),
    filters=("task_type", "model", "fallback", "state"),
    ordering=("user__username", "group__tier__rank", "task_type", "id"),
)
SCOPES = (EVERYONE, TASK_TYPES, TIERS, USERS)


def scope_named(slug: str) -> Scope:
    """The scope of that slug; all rows for any other text."""
    return next((each for each in SCOPES if each.slug == slug), ALL)


def scope_of_list(request: HttpRequest) -> Scope | None:
    """The list that a request is for; None: it is not for a list."""
    match = request.resolver_match
    if match is None:
        return None
    if match.url_name == CHANGELIST:
        return ALL
    return match.kwargs.get("scope")


def scope_of_form(request: HttpRequest) -> Scope:
    """For whom a new row is to be, by the list that the form was opened from."""
    came_from = QueryDict(request.GET.get("_changelist_filters", ""))
    return scope_named(request.GET.get("scope") or came_from.get("scope", ""))


def scope_of_row(row: Preference) -> Scope:
    """The list that has this row."""
    if row.user_id is not None:
        return USERS
    if row.group_id is not None:
        return TIERS
    return EVERYONE if row.task_type is None else TASK_TYPES
