"""Runs with their attempts, to read. Nothing here is edited: a run is what happened."""

import json
from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from llmconfig.admin.base import ModelAdmin, TabularInline
from workers.admin.cancelling import Cancelling
from workers.admin.read_only import ReadOnly
from workers.models import Attempt, TaskRun
from workers.queues import PREFIX


class AttemptInline(ReadOnly, TabularInline[Attempt, TaskRun]):
    model = Attempt
    fields = (
        "number",
        "model",
        "host",
        "outcome",
        "reason",
        "count",
        "duration_ms",
        "first_token_ms",
        "prompt_tokens",
        "completion_tokens",
    )
    extra = 0


@admin.register(TaskRun)
class TaskRunAdmin(Cancelling, ReadOnly, ModelAdmin[TaskRun]):
    actions = ("cancel",)
    list_display = (
        "created_at",
        "user",
        "task",
        "status_now",
        "answered_by",
        "source",
    )
    list_filter = ("status", "task_type", "fallback_used", "created_at")
    search_fields = ("=id", "user__username", "model_used")
    date_hierarchy = "created_at"
    list_select_related = ("user",)
    show_full_result_count = False
    inlines = (AttemptInline,)
    fieldsets = (
        (None, {"fields": ("user", "task_type", "status_now", "queue", "priority")}),
        (_("Result"), {"fields": ("model_used", "fallback_used", "result_told", "error_told")}),
        (_("Configuration"), {"fields": ("config_told",)}),
        (
            _("Times"),
            {"fields": ("created_at", "available_at", "deadline", "started_at", "finished_at")},
        ),
        (_("Request"), {"fields": ("payload_told", "metadata"), "classes": ("collapse",)}),
    )

    @admin.display(description=_("task type"), ordering="task_type")
    def task(self, run: TaskRun) -> str:
        return run.task_type.removeprefix(PREFIX).lower()

    @admin.display(description=_("status"), ordering="status")
    def status_now(self, run: TaskRun) -> str:
        return run.status_at(timezone.now())

    @admin.display(description=_("answered by"), ordering="model_used", empty_value="–")
    def answered_by(self, run: TaskRun) -> str:
        # A boolean column would mark every run that needed no fallback with a red cross.
        return f"↪ {run.model_used}" if run.fallback_used else run.model_used

    @admin.display(description=_("source"))
    def source(self, run: TaskRun) -> str:
        return str(run.llm_config.get("source", ""))

    @admin.display(description=_("result"))
    def result_told(self, run: TaskRun) -> str:
        return _preformatted((run.result or {}).get("content", ""))

    @admin.display(description=_("error"))
    def error_told(self, run: TaskRun) -> str:
        error = run.error or {}
        return _preformatted(f"{error['code']}\n{error['detail']}" if error else "")

    @admin.display(description=_("decided at enqueue"))
    def config_told(self, run: TaskRun) -> str:
        return config_table(run.llm_config)

    @admin.display(description=_("payload"))
    def payload_told(self, run: TaskRun) -> str:
        return _preformatted(json.dumps(run.payload, indent=2, ensure_ascii=False))


def config_table(config: Mapping[str, Any]) -> SafeString:
    """Each value of a run's configuration with the layer and place that it came from."""
    rows = [
        (name, _value_told(config, name), origin.get("layer", ""), origin.get("place", ""))
        for name, origin in sorted(config.get("origins", {}).items())
    ]
    head = format_html_join("", "<th>{}</th>", [(_("field"),), (_("value"),), (_("layer"),),
                                                (_("place"),)])  # fmt: skip
    body = format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", rows)
    return format_html("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", head, body)


def _value_told(config: Mapping[str, Any], name: str) -> str:
    field, _dot, parameter = name.partition(".")
    value = config.get(field)
    if parameter:
        value = (value or {}).get(parameter)
    return "–" if value in (None, "") else str(value)


def _preformatted(text: str) -> str:
    # format_html escapes: a model's output is untrusted.
    return format_html('<pre style="white-space: pre-wrap; margin: 0">{}</pre>', text or "–")
