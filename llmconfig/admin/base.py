"""unfold's classes under the types of Django's, which they extend; unfold publishes none."""

from typing import TYPE_CHECKING, Any, TypeVar

from django.db.models import Model
from django.http import HttpRequest

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin, StackedInline, TabularInline
else:
    from unfold.admin import ModelAdmin, StackedInline, TabularInline

__all__ = ["ModelAdmin", "OwnDeleteAdmin", "StackedInline", "TabularInline"]

Row = TypeVar("Row", bound=Model)


class OwnDeleteAdmin(ModelAdmin[Row]):
    """Without Django's action that deletes what is selected: an action of the admin's own does."""

    def get_actions(self, request: HttpRequest, action_location: Any = None) -> dict[str, Any]:
        # Django 6.1 asks where the actions stand; 5.2 knows of no such question.
        where = {} if action_location is None else {"action_location": action_location}
        actions = super().get_actions(request, **where)
        actions.pop("delete_selected", None)
        return actions
