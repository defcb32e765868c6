"""Preferences: a list for each scope, and one form. Written through the services."""

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from llmconfig.admin import scopes
from llmconfig.admin.autocomplete import URL_NAME as PEOPLE_URL
from llmconfig.admin.autocomplete import PeopleSelect, PeopleView
from llmconfig.admin.columns import FIELD_COLUMNS, Columns
from llmconfig.admin.effective import URL_NAME as EFFECTIVE_URL
from llmconfig.admin.effective import effective_url, effective_view
from llmconfig.admin.export import export_response
from llmconfig.admin.filters import FILTERS
from llmconfig.admin.forms import PreferenceForm
from llmconfig.admin.hints import URL_NAME as HINTS_URL
from llmconfig.admin.hints import hints_add, hints_view, stated_table
from llmconfig.admin.history import HistoryPages
from llmconfig.admin.row_states import with_tiers
from llmconfig.admin.scopes import Scope
from llmconfig.admin.versioned import VersionedAdmin
from llmconfig.history.entries import preference_history
from llmconfig.resolution.presence import models_absent
from llmconfig.store import services
from llmconfig.tables.models import Preference

_LIMITS = [
    ("timeout_seconds", "first_token_timeout_seconds"),
    ("max_retries", "deadline_seconds"),
]
_PARAMETERS = [
    ("temperature", "max_tokens"),
    ("top_p", "top_k"),
    ("min_p", "seed"),
    ("repeat_penalty", "presence_penalty"),
    ("frequency_penalty", "think"),
    "stop",
]


@admin.register(Preference)
class PreferenceAdmin(Columns, HistoryPages, VersionedAdmin[Preference]):
    delete_service = services.preference_delete
    entries = preference_history
    row_name = "preference"
    form = PreferenceForm
    list_select_related = ["user", "group", "updated_by"]
    list_filter_submit = True
    list_per_page = 50
    compressed_fields = False
    warn_unsaved_form = True
    list_before_template = "llmconfig/admin/list_intro.html"
    change_form_outer_before_template = "llmconfig/admin/form_intro.html"
    readonly_fields = ["scope", "changed", "created_at", "stated"]
    actions = ["export_selected", "delete_rows"]

    class Media:
        js = ["llmconfig/admin/hints.js"]

    # Lists

    def get_urls(self) -> list[URLPattern]:
        list_view = self.admin_site.admin_view(self.changelist_view)
        csv_view = self.admin_site.admin_view(self.csv_view)
        lists = [
            path(f"{scope.slug}/", list_view, {"scope": scope}, name=scope.url_name)
            for scope in scopes.SCOPES
        ]
        exports = [
            path(f"{scope.slug}.csv", csv_view, {"scope": scope}, name=scope.csv_url_name)
            for scope in (*scopes.SCOPES, scopes.ALL)
        ]
        people = PeopleView.as_view(admin_site=self.admin_site)
        return [
            *lists,
            *exports,
            path("effective/", self._site_view(effective_view), name=EFFECTIVE_URL),
            path("hints/", self._site_view(hints_view), name=HINTS_URL),
            path("people/", self.admin_site.admin_view(people), name=PEOPLE_URL),
            *super().get_urls(),
        ]

    def _site_view(self, view: Callable[..., HttpResponse]) -> Any:
        return self.admin_site.admin_view(partial(view, site=self.admin_site))

    def changelist_view(
        self,
        request: HttpRequest,
        extra_context: dict[str, Any] | None = None,
        **_scope: Any,
    ) -> HttpResponse:
        if "scope" in request.GET:
            # How pages of single rows find back to the list that they were opened from.
            return _redirect_to_scope(request)
        return super().changelist_view(request, extra_context)

    def csv_view(self, request: HttpRequest, scope: Scope) -> HttpResponseBase:
        """What the list shows, searched and filtered as the address says."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            rows = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(f"{scope.url}?{ERROR_FLAG}=1")
        return export_response(request, rows, scope)

    @admin.action(description=_("Export as CSV"), permissions=["view"])
    def export_selected(
        self, request: HttpRequest, queryset: QuerySet[Preference]
    ) -> HttpResponseBase:
        return export_response(request, queryset, _list_scope(request))

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changes = super().get_changelist_instance(request)
        changes.scope = scope = _list_scope(request)  # type: ignore[attr-defined]  # for templates
        changes.search_help_text = str(scope.search_help)
        return changes

    def get_queryset(self, request: HttpRequest) -> QuerySet[Preference]:
        rows = super().get_queryset(request)
        scope = scopes.scope_of_list(request)
        return with_tiers(rows.filter(scope.rows)) if scope else rows

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return [*_list_scope(request).columns, *FIELD_COLUMNS]

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return [FILTERS[name] for name in _list_scope(request).filters]

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        return _list_scope(request).search

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return _list_scope(request).ordering

    def get_preserved_filters(self, request: HttpRequest) -> str:
        scope = scopes.scope_of_list(request)
        if scope and self.preserve_filters:
            query = urlencode([("scope", scope.slug), *request.GET.items()])
            return urlencode({"_changelist_filters": query})
        return super().get_preserved_filters(request)

    def response_post_save_add(self, request: HttpRequest, obj: Preference) -> HttpResponseRedirect:
        return _back_to_list(request, obj) or super().response_post_save_add(request, obj)

    def response_post_save_change(
        self, request: HttpRequest, obj: Preference
    ) -> HttpResponseRedirect:
        return _back_to_list(request, obj) or super().response_post_save_change(request, obj)

    # Form

    def get_fieldsets(self, request: HttpRequest, obj: Preference | None = None) -> Any:
        if obj and not self.has_change_permission(request, obj):
            return [
                (_("For whom"), {"fields": [("scope", "changed", "created_at")]}),
                (None, {"fields": ["stated"]}),
            ]
        scope = (
            list(scopes.scope_of_form(request).fields)
            if obj is None
            else ["scope", "changed", "created_at"]
        )
        return [
            *([(_("For whom"), {"fields": [tuple(scope)]})] if scope else []),
            (_("Models"), {"fields": ["model", ("fallback_model", "no_fallback")]}),
            (_("Limits"), {"fields": _LIMITS}),
            (_("Parameters"), {"fields": _PARAMETERS}),
            (_("Why"), {"fields": ["reason"]}),
        ]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "user":
            kwargs["widget"] = PeopleSelect(self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @admin.display(description=_("What it states"))
    def stated(self, row: Preference) -> str:
        return stated_table(row)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        form = context["adminform"].form
        hints_add(form, form.instance)
        if obj := kwargs.get("obj"):
            context["effective_url"] = effective_url(obj.user_id, obj.task_type)
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Preference, form: Any, change: bool) -> None:
        services.preference_save(
            preference=obj,
            by=request.user,  # type: ignore[arg-type]  # nobody else gets here
            expected_version=form.cleaned_data["opened_version"] if change else None,
            reason=form.cleaned_data["reason"] or None,
        )
        _warn_of_absent_models(request, obj)


def _list_scope(request: HttpRequest) -> Scope:
    return scopes.scope_of_list(request) or scopes.ALL


def _redirect_to_scope(request: HttpRequest) -> HttpResponse:
    query = request.GET.copy()
    scope = scopes.scope_named(str(query.pop("scope")[-1]))
    return HttpResponseRedirect(f"{scope.url}?{query.urlencode()}".rstrip("?"))


def _back_to_list(request: HttpRequest, row: Preference) -> HttpResponseRedirect | None:
    """The row's own list, where the form was opened from none."""
    if "_changelist_filters" in request.GET:
        return None
    return HttpResponseRedirect(scopes.scope_of_row(row).url)


def _warn_of_absent_models(request: HttpRequest, row: Preference) -> None:
    for absent in models_absent(row.stated()):
        text = gettext("Saved, but no worker has the model %(model)s.") % {"model": absent.model}
        messages.warning(request, text)
