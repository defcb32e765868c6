"""The admin's first page: what everyone gets, what is stored, how work goes, what needs a look."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from llmconfig.admin import scopes
from llmconfig.admin.effective import Page
from llmconfig.admin.row_states import rows_in_state
from llmconfig.models import Preference
from llmconfig.resolution.explain import config_explain
from llmconfig.values import task_types
from llmconfig.values.errors import ConfigurationError
from workers.admin.runs import BADGES
from workers.gates.breakers import with_state
from workers.models import Breaker, Pause, TaskRun
from workers.process.registry.selectors import nodes_live
from workers.runs.states import Status

RUNS_OF = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number that leads to its list."""

    label: str
    count: int
    link: str
    #: Of a badge: good, bad, warning.
    kind: str = ""


def overview(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Adds what this person may see."""
    may = request.user.has_perm
    if may("llmconfig.view_preference"):
        context["pages"] = list(_pages())
        context["preferences"] = list(_preferences())
    if may("workers.view_taskrun"):
        context["runs"] = list(_runs())
    context["notices"] = [notice for notice in _notices(may) if notice.count]
    return context


def _pages() -> Iterator[Page]:
    try:
        for name in task_types.names():
            yield Page(config_explain(user_id=None, task_type=name))
    except ConfigurationError:
        # The system checks tell it; the other parts of the page need no configuration.
        return


def _preferences() -> Iterator[Figure]:
    counts = Preference.objects.aggregate(
        **{scope.url_name: Count("pk", filter=scope.rows) for scope in scopes.SCOPES}
    )
    for scope in scopes.SCOPES:
        yield Figure(label=str(scope.title), count=counts[scope.url_name], link=scope.url)


def _runs() -> Iterator[Figure]:
    since = timezone.now() - RUNS_OF
    by_status = TaskRun.objects.filter(created_at__gte=since).order_by().values_list("status")
    counts = dict(by_status.annotate(Count("pk")))
    for status in Status:
        if count := counts.get(status):
            query = {"status__exact": status.value, "created_at__gte": since.isoformat()}
            link = f"{reverse('admin:workers_taskrun_changelist')}?{urlencode(query)}"
            yield Figure(label=str(status.label), count=count, link=link, kind=BADGES[status])


def _notices(may: Any) -> Iterator[Figure]:
    """What somebody may have to do something about."""
    if may("llmconfig.view_preference"):
        count = rows_in_state(Preference.objects.all(), "not_allowed").count()
        told = ngettext(
            "%(count)s preference names a model that is not allowed",
            "%(count)s preferences name a model that is not allowed",
            count,
        )
        link = f"{scopes.ALL.url}?state=not_allowed"
        yield Figure(label=told % {"count": count}, count=count, link=link)
    if may("workers.view_breaker"):
        count = with_state(Breaker.objects.all()).filter(open_until__isnull=False).count()
        told = ngettext("%(count)s breaker is open", "%(count)s breakers are open", count)
        link = reverse("admin:workers_breaker_changelist")
        yield Figure(label=told % {"count": count}, count=count, link=link)
    if may("workers.view_pause"):
        count = Pause.objects.count()
        told = ngettext(
            "%(count)s queue or model is paused", "%(count)s queues or models are paused", count
        )
        link = reverse("admin:workers_pause_changelist")
        yield Figure(label=told % {"count": count}, count=count, link=link)
    if may("workers.view_workernode") and not nodes_live().exists():
        link = reverse("admin:workers_workernode_changelist")
        yield Figure(label=gettext("No worker is alive: runs wait"), count=1, link=link)
