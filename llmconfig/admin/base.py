"""unfold's classes under the types of Django's, which they extend; unfold publishes none."""

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse

from llmconfig.database.conflicts import conflicts_retried

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin as BaseAdmin
    from django.contrib.admin import StackedInline, TabularInline
else:
    from unfold.admin import ModelAdmin as BaseAdmin
    from unfold.admin import StackedInline, TabularInline

__all__ = ["ModelAdmin", "OwnDeleteAdmin", "StackedInline", "TabularInline"]

Row = TypeVar("Row", bound=Model)


class ModelAdmin(BaseAdmin[Row]):
    """Retries saves and deletions after a conflict; a list defers ``unlisted``."""

    #: Large columns that the list does not show.
    unlisted: ClassVar[tuple[str, ...]] = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Row]:
        rows = super().get_queryset(request)
        is_list = getattr(request.resolver_match, "url_name", "").endswith("changelist")
        return rows.defer(*self.unlisted) if is_list and self.unlisted else rows

    @conflicts_retried
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().changeform_view(request, *args, **kwargs)

    @conflicts_retried
    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().delete_view(request, *args, **kwargs)


class OwnDeleteAdmin(ModelAdmin[Row]):
    """Without Django's action that deletes what is selected: an action of the admin's own does."""

    def get_actions(self, request: HttpRequest, action_location: Any = None) -> dict[str, Any]:
        # Django 6.1 asks where the actions stand; 5.2 knows of no such question.
        where = {} if action_location is None else {"action_location": action_location}
        actions = super().get_actions(request, **where)
        actions.pop("delete_selected", None)
        return actions
