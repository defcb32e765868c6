"""Runs with their attempts, to read. Nothing here is edited: a run is what happened."""

import json
from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from llmconfig.admin.base import ModelAdmin, TabularInline
from llmconfig.admin.effective import effective_url
from llmconfig.admin.places import place_text
from llmconfig.admin.read_only import ReadOnly
from llmconfig.admin.tables import badge, preformatted, table
from llmconfig.values.fields import FIELDS
from llmconfig.values.labels import field_label, layer_label, task_type_label
from llmconfig.values.value_texts import value_text
from workers.admin.cancelling import Cancelling
from workers.admin.feedback import FeedbackInline
from workers.admin.notes import notes_list
from workers.runs.models import Attempt, TaskRun
from workers.runs.states import Status

BADGES = {
    Status.PENDING: "",
    Status.QUEUED: "",
    Status.RUNNING: "task_type",
    Status.RETRYING: "warning",
    Status.SUCCEEDED: "good",
    Status.FAILED: "bad",
    Status.CANCELLED: "",
    Status.EXPIRED: "bad",
}


class AttemptInline(ReadOnly, TabularInline[Attempt, TaskRun]):
    model = Attempt
    fields = (
        "number",
        "model",
        "host",
        "outcome",
        "reason",
        "count",
        "took",
        "load",
        "server_queue",
        "first_token",
        "tokens",
    )
    readonly_fields = ("took", "load", "server_queue", "first_token", "tokens")
    extra = 0

    @admin.display(description=_("took"))
    def took(self, attempt: Attempt) -> str:
        return _milliseconds(attempt.duration_ms)

    @admin.display(description=_("loading"))
    def load(self, attempt: Attempt) -> str:
        return _milliseconds(attempt.load_ms)

    @admin.display(description=_("server's queue"))
    def server_queue(self, attempt: Attempt) -> str:
        return _milliseconds(attempt.queue_ms)

    @admin.display(description=_("first token"))
    def first_token(self, attempt: Attempt) -> str:
        return _milliseconds(attempt.first_token_ms)

    @admin.display(description=_("tokens"))
    def tokens(self, attempt: Attempt) -> str:
        """Those read and those written."""
        counts = (attempt.prompt_tokens, attempt.completion_tokens)
        return " → ".join("–" if count is None else str(count) for count in counts)


@admin.register(TaskRun)
class TaskRunAdmin(Cancelling, ReadOnly, ModelAdmin[TaskRun]):
    actions = ("cancel",)
    change_form_outer_before_template = "workers/admin/run_intro.html"
    compressed_fields = False
    list_display = (
        "accepted",
        "user",
        "task",
        "status_now",
        "answered_by",
        "source",
        "took",
    )
    list_filter = ("status", "task_type", "fallback_used", "created_at")
    search_fields = ("=id", "user__username", "model_used")
    date_hierarchy = "created_at"
    list_select_related = ("user",)
    show_full_result_count = False
    unlisted = ("payload", "result", "notes", "error", "metadata")
    inlines = (AttemptInline, FeedbackInline)
    fieldsets = (
        (None, {"fields": (("user", "task", "status_now"), ("queue", "priority", "took"))}),
        (_("Result"), {"fields": ("answered_by", "result_text", "notes_text", "error_text")}),
        (_("Configuration"), {"fields": ("config_text",)}),
        (
            _("Times"),
            {
                "fields": (
                    ("created_at", "available_at", "deadline"),
                    ("started_at", "finished_at"),
                )
            },
        ),
        (_("Request"), {"fields": ("payload_text", "metadata"), "classes": ("collapse",)}),
    )

    @admin.display(description=_("accepted"), ordering="created_at")
    def accepted(self, run: TaskRun) -> str:
        return date_format(timezone.localtime(run.created_at), "j M Y H:i:s")

    @admin.display(description=_("task type"), ordering="task_type")
    def task(self, run: TaskRun) -> str:
        return task_type_label(run.task_type)

    @admin.display(description=_("status"), ordering="status")
    def status_now(self, run: TaskRun) -> str:
        status = Status(run.status_at(timezone.now()))
        return badge(status.label, BADGES[status])

    @admin.display(description=_("answered by"), ordering="model_used", empty_value="–")
    def answered_by(self, run: TaskRun) -> str:
        # A boolean column would mark every run that needed no fallback with a red cross.
        return f"↪ {run.model_used}" if run.fallback_used else run.model_used

    @admin.display(description=_("source"))
    def source(self, run: TaskRun) -> str:
        layer = str(run.llm_config.get("source", ""))
        return badge(layer_label(layer), layer) if layer else ""

    @admin.display(description=_("took"), empty_value="–")
    def took(self, run: TaskRun) -> str | None:
        if not run.started_at or not run.finished_at:
            return None
        return _("%(seconds).1f s") % {
            "seconds": (run.finished_at - run.started_at).total_seconds()
        }

    @admin.display(description=_("result"))
    def result_text(self, run: TaskRun) -> str:
        return preformatted((run.result or {}).get("content", ""))

    @admin.display(description=_("notes"), empty_value="–")
    def notes_text(self, run: TaskRun) -> str | None:
        return notes_list(run.notes)

    @admin.display(description=_("error"))
    def error_text(self, run: TaskRun) -> str:
        error = run.error or {}
        return preformatted(f"{error['code']}\n{error['detail']}" if error else "")

    @admin.display(description=_("decided at enqueue"))
    def config_text(self, run: TaskRun) -> str:
        return config_table(run.llm_config)

    @admin.display(description=_("payload"))
    def payload_text(self, run: TaskRun) -> str:
        return preformatted(json.dumps(run.payload, indent=2, ensure_ascii=False))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        run = kwargs.get("obj")
        context["run_title"] = run and self._title(run)
        if run and request.user.has_perm("llmconfig.view_preference"):
            context["effective_url"] = effective_url(run.user_id, run.task_type)
        return super().render_change_form(request, context, *args, **kwargs)

    def _title(self, run: TaskRun) -> str:
        parts = {"task": task_type_label(run.task_type), "user": run.user or gettext("nobody")}
        return gettext("%(task)s for %(user)s") % parts


def config_table(config: Mapping[str, Any]) -> SafeString:
    """Each value of a run's configuration with the layer and place that it came from."""
    origins = config.get("origins", {})
    names = [name for name in FIELDS if name in origins]
    names += sorted(origins.keys() - set(names))
    rows = [
        (
            field_label(name),
            value_text(name, _value(config, name)),
            place_text(origins[name].get("layer", ""), origins[name].get("place", "")),
        )
        for name in names
    ]
    return table((_("Field"), _("Value"), _("From")), rows)


def _milliseconds(count: int | None) -> str:
    return "–" if count is None else gettext("%(count)s ms") % {"count": f"{count:,}"}


def _value(config: Mapping[str, Any], name: str) -> Any:
    field, _dot, parameter = name.partition(".")
    value = config.get(field)
    return (value or {}).get(parameter) if parameter else value
