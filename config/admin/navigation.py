"""The admin's menu: what each person may see, in the order of daily work."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from llmconfig.admin import scopes
from llmconfig.admin.effective import URL_NAME as EFFECTIVE_URL


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups of the menu, as unfold reads them."""
    return [
        {"items": [{"title": _("Overview"), "icon": "home", "link": reverse("admin:index")}]},
        {"title": _("Configuration"), "items": _configuration(request)},
        {"title": _("Work"), "items": _items(request, _work())},
        {"title": _("Workers & model servers"), "items": _items(request, _servers())},
        {"title": _("People"), "items": _items(request, _people())},
    ]


def _configuration(request: HttpRequest) -> list[dict[str, Any]]:
    if not _shown(request, "llmconfig.Preference"):
        return []
    return [
        {
            "title": _("Effective configuration"),
            "icon": "manage_search",
            "link": reverse(f"admin:{EFFECTIVE_URL}"),
        },
        _scope(request, scopes.EVERYONE, _("Everyone"), "public"),
        _scope(request, scopes.TASK_TYPES, _("Task types"), "category"),
        _scope(request, scopes.TIERS, _("Tiers"), "workspace_premium"),
        _scope(request, scopes.USERS, _("Users"), "manage_accounts"),
    ]


def _scope(request: HttpRequest, scope: scopes.Scope, title: str, icon: str) -> dict[str, Any]:
    tier_pages = _list_of("llmconfig.Tier") if scope is scopes.TIERS else scope.url
    active = (
        request.path.startswith((scope.url, tier_pages)) or scopes.scope_of_form(request) is scope
    )
    return {"title": title, "icon": icon, "link": scope.url, "active": active}


def _work() -> list[tuple[str, str, str]]:
    return [
        ("workers.TaskRun", _("Runs"), "play_circle"),
        ("reports.WeeklyReport", _("Weekly reports"), "summarize"),
        ("workers.Feedback", _("Feedback"), "thumbs_up_down"),
        ("reports.ReportSettings", _("Report settings"), "event"),
        ("reports.FanOut", _("Fan-outs of reports"), "call_split"),
        ("reports.ReportRefusal", _("Refused reports"), "do_not_disturb_on"),
        ("django_celery_beat.PeriodicTask", _("Schedule"), "schedule"),
    ]


def _servers() -> list[tuple[str, str, str]]:
    return [
        ("workers.WorkerNode", _("Workers"), "dns"),
        ("workers.Breaker", _("Breakers"), "electric_bolt"),
        ("workers.PermitPool", _("Permits"), "confirmation_number"),
        ("workers.Pause", _("Pauses"), "pause_circle"),
    ]


def _people() -> list[tuple[str, str, str]]:
    return [
        ("auth.User", _("Users"), "person"),
        ("auth.Group", _("Groups"), "group"),
        ("knox.AuthToken", _("API tokens"), "key"),
        ("llmconfig.AuditEntry", _("Audit trail"), "fact_check"),
    ]


def _items(request: HttpRequest, models: list[tuple[str, str, str]]) -> list[dict[str, Any]]:
    return [
        {"title": title, "icon": icon, "link": _list_of(label)}
        for label, title, icon in models
        if _shown(request, label)
    ]


def _shown(request: HttpRequest, label: str) -> bool:
    if label.split(".")[0] not in apps.app_configs:
        return False
    model_admin = admin.site._registry.get(apps.get_model(label))
    return bool(model_admin and model_admin.has_view_permission(request))


def _list_of(label: str) -> str:
    return reverse(f"admin:{label.lower().replace('.', '_')}_changelist")
