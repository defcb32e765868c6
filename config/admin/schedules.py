"""The schedule: which periodic task runs when. Beat reads a change within seconds.

Crontabs and intervals are offered; a task's queue is decided by its route alone. A crontab or an
interval that a task runs by is not deleted: django-celery-beat would delete the task with it. Tasks
of the system (``CELERY_BEAT_SCHEDULE``) can be disabled, and are neither deleted nor renamed.
"""

from collections.abc import Iterable
from typing import Any

from celery import current_app
from celery.exceptions import QueueNotFound
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django_celery_beat.admin import PeriodicTaskForm, TaskSelectWidget
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    PeriodicTasks,
    SolarSchedule,
)
from kombu.utils.json import loads
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from llmconfig.admin.base import ModelAdmin
from llmconfig.admin.tables import badge
from workers.messaging.publish import BROKER_AWAY

for model in (PeriodicTask, CrontabSchedule, IntervalSchedule, SolarSchedule, ClockedSchedule):
    admin.site.unregister(model)


class TaskSelect(UnfoldAdminSelectWidget, TaskSelectWidget):  # type: ignore[misc]  # untyped
    """The registered tasks, in the admin's look."""


class TaskForm(PeriodicTaskForm):  # type: ignore[misc]  # published without types
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A page that is only looked at has no fields.
        if "regtask" in self.fields:
            self.fields["regtask"].widget = TaskSelect()
            self.fields["task"].widget = UnfoldAdminTextInputWidget()

    def clean_args(self) -> str:
        return self._clean_kind("args", list, _("A JSON list is accepted."))

    def clean_kwargs(self) -> str:
        return self._clean_kind("kwargs", dict, _("A JSON object is accepted."))

    def _clean_kind(self, field: str, kind: type, told: Any) -> str:
        value: str = self._clean_json(field)
        if not isinstance(loads(value), kind):
            raise ValidationError(told)
        return value


def _is_system(task: PeriodicTask) -> bool:
    return task.name in current_app.conf.beat_schedule


class DeletionAdmin(ModelAdmin[Any]):
    """Refuses deletions, naming what stands in the way, as Django does for ``PROTECT``."""

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        deleted, counts, lacking, protected = super().get_deleted_objects(objs, request)
        return deleted, counts, lacking, [*protected, *map(str, self.in_the_way(list(objs)))]

    def in_the_way(self, rows: list[Any]) -> Iterable[Any]:
        """What must not be deleted with these rows."""
        raise NotImplementedError


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(DeletionAdmin):
    form = TaskForm
    actions = ("enable", "disable", "run_now")
    list_display = ("name", "task", "state", "scheduler", "last_run_at", "total_run_count")
    list_filter = ("enabled", "one_off")
    list_select_related = ("crontab", "interval", "solar", "clocked")
    search_fields = ("name", "task")
    ordering = ("name",)
    readonly_fields = ("last_run_at", "total_run_count", "date_changed")
    fieldsets = (
        (None, {"fields": ("name", "regtask", "task", "enabled", "description")}),
        (
            _("Schedule"),
            {
                "fields": ("crontab", "interval", "start_time", "one_off"),
                "description": _("Either a crontab or an interval."),
            },
        ),
        (_("Arguments"), {"fields": ("args", "kwargs", "expire_seconds")}),
        (_("So far"), {"fields": ("last_run_at", "total_run_count", "date_changed")}),
    )

    def in_the_way(self, rows: list[PeriodicTask]) -> Iterable[Any]:
        return filter(_is_system, rows)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        named = ("name",) if obj is not None and _is_system(obj) else ()
        return (*named, *self.readonly_fields)

    @admin.display(description=_("state"), ordering="enabled")
    def state(self, task: PeriodicTask) -> str:
        return badge(_("enabled"), "good") if task.enabled else badge(_("disabled"), "warning")

    @admin.display(description=_("schedule"))
    def scheduler(self, task: PeriodicTask) -> str:
        return str(task.scheduler or _("no schedule"))

    @admin.action(description=_("Enable"), permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        # Not for the time at which it was disabled.
        self._set(request, queryset, enabled=True, last_run_at=timezone.now())

    @admin.action(description=_("Disable"), permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        self._set(request, queryset, enabled=False, last_run_at=None)

    @admin.action(description=_("Run now"), permissions=["change"])
    def run_now(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        for task in queryset:
            try:
                _send(task)
            except (*BROKER_AWAY, QueueNotFound) as error:
                told = _("%(name)s was not sent: %(error)s")
                messages.error(request, told % {"name": task.name, "error": error})
                return
            messages.success(request, _("%(name)s was sent.") % {"name": task.name})

    def _set(
        self, request: HttpRequest, queryset: QuerySet[PeriodicTask], **values: object
    ) -> None:
        count = queryset.update(**values)
        # An update tells beat nothing.
        PeriodicTasks.update_changed()
        text = ngettext("%(count)d task was changed.", "%(count)d tasks were changed.", count)
        messages.success(request, text % {"count": count})


@admin.register(CrontabSchedule)
class CrontabAdmin(DeletionAdmin):
    list_display = ("__str__", "told")
    fields = ("minute", "hour", "day_of_week", "day_of_month", "month_of_year", "timezone", "told")
    readonly_fields = ("told",)

    def in_the_way(self, rows: list[CrontabSchedule]) -> Iterable[Any]:
        yield from PeriodicTask.objects.filter(crontab__in=rows)

    @admin.display(description=_("in words"))
    def told(self, crontab: CrontabSchedule) -> str:
        return str(crontab.human_readable) if crontab.pk else "–"


@admin.register(IntervalSchedule)
class IntervalAdmin(DeletionAdmin):
    list_display = ("__str__",)

    def in_the_way(self, rows: list[IntervalSchedule]) -> Iterable[Any]:
        yield from PeriodicTask.objects.filter(interval__in=rows)


def _send(task: PeriodicTask) -> None:
    current_app.send_task(task.task, loads(task.args), loads(task.kwargs), retry=False)
