"""Inputs in the admin's look."""

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from llmconfig.resolution import known_models
from llmconfig.values.kinds import Choice, Kind, Number, Seconds, Texts


class ModelNameInput(UnfoldAdminTextInputWidget):  # type: ignore[misc]  # unfold publishes no types
    """A text field that offers the known models; any other name may be written."""

    template_name = "llmconfig/widgets/model_name.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        context["widget"]["attrs"]["list"] = f"id_{name}_known"
        context["known_models"] = known_models.names()
        return context


def input_for(kind: Kind) -> forms.Widget:
    """The input that suits a kind, on a telephone's keyboard too."""
    widget: forms.Widget
    if isinstance(kind, Texts):
        widget = UnfoldAdminTextareaWidget(attrs={"rows": 2})
    elif isinstance(kind, Choice):
        widget = UnfoldAdminSelectWidget(choices=[("", "–"), *((w, w) for w in kind.words)])
    else:
        # Not type=number: it drops without a word what it cannot read, and durations read 2m.
        widget = UnfoldAdminTextInputWidget(attrs={"inputmode": _mode(kind), "autocomplete": "off"})
    return widget


def _mode(kind: Kind) -> str:
    if isinstance(kind, Seconds):
        return "text"
    return "decimal" if isinstance(kind, Number) else "numeric"
