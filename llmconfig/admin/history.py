"""Pages of a row's history, of its return to a version, and of the rows that are deleted."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext

from llmconfig.admin.base import ModelAdmin
from llmconfig.admin.versioned import version_seen
from llmconfig.history.entries import REMOVED, Entry, rows_deleted
from llmconfig.history.plan import plan_of
from llmconfig.history.rollback import row_rollback
from llmconfig.values.errors import LLMConfigError, UnknownVersion
from llmconfig.values.value_texts import change_text

#: Entries of one page; ``manage.py llm_history`` tells all of them.
SHOWN = 100


@dataclass(frozen=True)
class EntryShown:
    """One change, as the page shows it."""

    entry: Entry
    #: Whether the row is as it has been since this change.
    is_now: bool = False

    @property
    def changes(self) -> list[str]:
        return [change_text(change) for change in self.entry.changes]

    @property
    def before(self) -> int:
        """The version before: what a deleted row returns to."""
        return self.entry.version - 1

    @property
    def is_deletion(self) -> bool:
        return self.entry.kind == REMOVED


class HistoryPages(ModelAdmin[Any]):
    """For the admin of a model that has a history."""

    #: Reads the history of one row.
    entries: ClassVar[Callable[..., list[Entry]]]
    show_history = True

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("deleted/", view(self.deleted_view), name=self._name("deleted")),
            path(
                "<int:row_id>/return/<int:version>/",
                view(self.return_view),
                name=self._name("return"),
            ),
            *super().get_urls(),
        ]

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Also of a row that is deleted."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        entries = self._entries(object_id)
        stored = self.model._default_manager.filter(pk=object_id).first()
        now = stored.version if stored else None
        context = {
            "title": gettext("History"),
            "heading": gettext("History of %(row)s") % {"row": stored or entries[0].scope},
            "row": stored,
            "entries": [EntryShown(entry, entry.version == now) for entry in entries],
            "may_return": self._may_return(request, exists=stored is not None),
        }
        return self._page(request, "history", context)

    def deleted_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        context = {
            "title": gettext("Deleted rows"),
            "entries": [EntryShown(entry) for entry in rows_deleted(self.model)],
            "may_return": self._may_return(request, exists=False),
        }
        return self._page(request, "deleted", context)

    def return_view(self, request: HttpRequest, row_id: int, version: int) -> HttpResponse:
        """Shows what would be done; does it by POST alone."""
        exists = self.model._default_manager.filter(pk=row_id).exists()
        if not self._may_return(request, exists=exists):
            raise PermissionDenied
        if request.method == "POST":
            return self._return(request, row_id, version, exists=exists)
        try:
            plan = plan_of(self.model, row_id, version)
        except UnknownVersion as error:
            raise Http404 from error
        step = next(iter((*plan.steps, *(each.step for each in plan.refused))), None)
        context = {
            "title": gettext("Return to version %(version)s") % {"version": version},
            "step": step,
            "changes": [change_text(change) for change in step.changes] if step else [],
            "refusals": [reason.translate(gettext) for reason in plan.refusals.values()],
            "history_url": self._history_url(row_id),
            "version": version,
        }
        return self._page(request, "return", context)

    def _return(
        self, request: HttpRequest, row_id: int, version: int, *, exists: bool
    ) -> HttpResponse:
        seen = request.POST.get("opened_version", "")
        try:
            plan = row_rollback(
                model=self.model,
                row_id=row_id,
                to_version=version,
                by=request.user,  # type: ignore[arg-type]  # nobody else gets here
                # A page that showed no row expects none.
                expected_version=version_seen(seen) if seen or exists else None,
                reason=request.POST.get("reason"),
            )
        except LLMConfigError as error:
            messages.error(request, error.message.translate(gettext))
        else:
            done = gettext("It is as it was at version %(version)s.")
            nothing = gettext("Nothing to do: it is as it was at version %(version)s.")
            messages.success(request, (done if plan.steps else nothing) % {"version": version})
        return HttpResponseRedirect(self._history_url(row_id))

    def _entries(self, object_id: str) -> list[Entry]:
        if object_id.isdecimal() and (
            entries := type(self).entries(row_id=int(object_id), limit=SHOWN)
        ):
            return entries
        raise Http404

    def _may_return(self, request: HttpRequest, *, exists: bool) -> bool:
        """To bring a deleted row back is to add it."""
        return self.has_change_permission(request) if exists else self.has_add_permission(request)

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
        common = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "return_name": f"admin:{self._name('return')}",
            "history_name": f"admin:{self._name('history')}",
        }
        return TemplateResponse(request, f"llmconfig/admin/{name}.html", {**common, **context})

    def _history_url(self, row_id: int) -> str:
        return reverse(f"admin:{self._name('history')}", args=[row_id])

    def _name(self, page: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{page}"
