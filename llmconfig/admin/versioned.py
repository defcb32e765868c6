"""What the admins of versioned rows share: nobody overwrites or deletes what they have not seen."""

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from llmconfig.admin.base import OwnDeleteAdmin
from llmconfig.values.errors import EditConflict, LLMConfigError

Row = TypeVar("Row", bound=Model)
#: Of one deletion: the confirmation has two fields for each, and Django takes a thousand.
MAX_ROWS = 400
#: Digits of a version; more than these are none.
_DIGITS = 10


def version_seen(text: str) -> int:
    """The version that a page was sent with. One that names none has seen none: -1, which is
    refused as any other stale one."""
    return int(text) if text.isdecimal() and len(text) <= _DIGITS else -1


class VersionedAdmin(OwnDeleteAdmin[Row]):
    #: The service that deletes one row.
    delete_service: ClassVar[Callable[..., None]]
    #: The name of the service's argument for the row.
    row_name: ClassVar[str]

    change_form_before_template = "llmconfig/admin/form_hidden.html"
    delete_confirmation_template = "llmconfig/admin/delete_confirmation.html"
    actions = ["delete_rows"]

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except EditConflict:
            # Somebody was faster between reading and saving: the form, read anew, tells what.
            pass
        try:
            return super().changeform_view(request, *args, **kwargs)
        except EditConflict as error:
            return self._refused(request, error)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().delete_view(request, *args, **kwargs)
        except EditConflict as error:
            # The confirmation, shown again, is for the row as it is now.
            messages.error(request, error.message.translate(gettext))
            return HttpResponseRedirect(request.get_full_path())

    def delete_model(self, request: HttpRequest, obj: Row) -> None:
        self._delete(request, obj, request.POST.get("opened_version", ""))

    @admin.action(description=_("Delete selected"), permissions=["delete"])
    def delete_rows(self, request: HttpRequest, queryset: QuerySet[Row]) -> HttpResponse | None:
        """Ask first; then delete all of them, or none where one has changed meanwhile."""
        rows = list(queryset.order_by("pk")[: MAX_ROWS + 1])
        if len(rows) > MAX_ROWS:
            text = gettext("Select at most %(maximum)s rows.") % {"maximum": MAX_ROWS}
            messages.error(request, text)
            return None
        if "post" not in request.POST:
            return self._confirmation(request, rows)
        try:
            with transaction.atomic():
                self.log_deletions(request, queryset)
                for row in rows:
                    self._delete(request, row, request.POST.get(f"version_{row.pk}", ""))
        except EditConflict as error:
            messages.error(request, error.message.translate(gettext))
            return self._confirmation(request, list(queryset.all()))
        text = ngettext("%(count)s row deleted.", "%(count)s rows deleted.", len(rows))
        messages.success(request, text % {"count": len(rows)})
        return None

    def _confirmation(self, request: HttpRequest, rows: list[Row]) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Delete selected"),
            "opts": self.opts,
            "rows": rows,
            "media": self.media,
        }
        return TemplateResponse(request, "llmconfig/admin/delete_selected.html", context)

    def _delete(self, request: HttpRequest, row: Row, version: str) -> None:
        if not self.has_delete_permission(request, row):
            raise PermissionDenied
        type(self).delete_service(
            **{self.row_name: row},
            by=request.user,
            expected_version=version_seen(version),
            reason=request.POST.get("reason") or None,
        )

    def _refused(self, request: HttpRequest, error: LLMConfigError) -> HttpResponse:
        messages.error(request, error.message.translate(gettext))
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"
        return HttpResponseRedirect(reverse(name))
