"""Workers: which there are, whether they live, and how the models on each of them are."""

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from llmconfig.admin.base import ModelAdmin
from llmconfig.admin.read_only import ReadOnly
from llmconfig.admin.tables import table
from llmconfig.resolution.stated_models import models_stated
from llmconfig.values.fields import FIELDS
from llmconfig.values.types import MODEL_FIELDS
from workers.process.doctor.examination import models_used
from workers.process.doctor.uses import short_name, uses_text
from workers.process.models import WorkerNode
from workers.process.registry.holdings import (
    Holding,
    holdings_of,
    missing_from,
    needed_by,
    window_held,
)
from workers.process.registry.selectors import nodes
from workers.runs.outcomes import one_line
from workers.runs.states import NodeState


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(state.value, state.label) for state in NodeState]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(state=self.value()) if self.value() else queryset


REASON_LENGTH = 80


@admin.register(WorkerNode)
class WorkerNodeAdmin(ReadOnly, ModelAdmin[WorkerNode]):
    list_display = (
        "name",
        "state_now",
        "queues_text",
        "concurrency",
        "version",
        "server",
        "models_counted",
        "seen_at",
    )
    list_filter = (StateFilter,)
    search_fields = ("name", "host")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "name",
                    "state_now",
                    "queues_text",
                    "concurrency",
                    "version",
                    "metadata_text",
                )
            },
        ),
        (_("Model server"), {"fields": ("host", "host_version", "host_error")}),
        (_("Models"), {"fields": ("models_text",)}),
        (
            _("Default configuration"),
            {
                "fields": ("defaults_text",),
                "description": _("What a run without a user gets here."),
            },
        ),
        (_("Times"), {"fields": ("started_at", "seen_at", "stopped_at")}),
        (_("Health and metrics"), {"fields": ("metrics_address",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[WorkerNode]:
        return nodes()

    @admin.display(description=_("state"))
    def state_now(self, node: Any) -> str:
        return str(NodeState(node.state).label)

    @admin.display(description=_("queues"))
    def queues_text(self, node: WorkerNode) -> str:
        return ", ".join(node.queues)

    @admin.display(description=_("model server"), ordering="host")
    def server(self, node: WorkerNode) -> str:
        reason = one_line(node.host_error, REASON_LENGTH)
        return f"{node.host} ({reason})" if reason else node.host

    @admin.display(description=_("models"))
    def models_counted(self, node: WorkerNode) -> str:
        loaded = sum(1 for model in node.known_models if model["loaded"])
        return _("%(all)s, %(loaded)s loaded") % {"all": len(node.known_models), "loaded": loaded}

    @admin.display(description=_("models"))
    def models_text(self, node: WorkerNode) -> str:
        titles = (
            _("model"),
            _("state"),
            _("size"),
            _("context window"),
            _("trained for"),
            _("can do"),
            _("used by"),
        )
        rows = _model_rows(node)
        return table(titles, rows) if rows else "–"

    @admin.display(description=_("metadata"))
    def metadata_text(self, node: WorkerNode) -> str:
        return _json(node.metadata)

    @admin.display(description=_("by task type"))
    def defaults_text(self, node: WorkerNode) -> str:
        titles = (_("task type"), _("model"), _("fallback model"), _("limits"), _("parameters"))
        nothing = {"model": _("no allowed model"), "fallback_model": ""}
        rows = [
            (
                short_name(name),
                stated["model"],
                stated["fallback_model"] or "–",
                _limits(stated),
                _json(stated.get("parameters")),
            )
            for name, stated in (
                (name, config or nothing) for name, config in node.default_config.items()
            )
        ]
        return table(titles, rows) if rows else "–"


def _limits(config: dict[str, Any]) -> str:
    """Timeouts, retries and deadline; a worker of the last release states none."""
    stated = {name: config.get(name) for name in FIELDS if name not in MODEL_FIELDS}
    return (
        ", ".join(f"{name} {value}" for name, value in stated.items() if value is not None) or "–"
    )


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if value else "–"


def _model_rows(node: WorkerNode) -> list[tuple[Any, ...]]:
    """What the worker has, and what it would need."""
    needed = (each for each in models_stated() if needed_by(node, each.task_types))
    uses = models_used(needed)
    holdings = holdings_of(node)
    return [
        _cells(holdings.get(name) or missing_from(node, name), uses_text(uses.get(name, ())))
        for name in sorted(holdings.keys() | uses.keys())
    ]


def _cells(holding: Holding, used_by: str) -> tuple[Any, ...]:
    size, trained = holding.size_bytes, holding.context_length
    window = window_held(holding.model, [holding])
    return (
        holding.model,
        f"{holding.state.label}: {holding.fault}" if holding.fault else holding.state.label,
        "–" if size is None else filesizeformat(size),
        f"{window.tokens:,} ({window.reason.translate(gettext)})",
        "–" if trained is None else f"{trained:,}",
        ", ".join(holding.capabilities or ()) or "–",
        used_by or "–",
    )
