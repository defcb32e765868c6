"""Where a value of an old decision comes from, with a link to what the row was then."""

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from llmconfig.values.labels import layer_label
from llmconfig.values.places import row_of


def place_text(layer: str, place: str) -> SafeString:
    """Badge of the layer and the place; a row leads to its history, also when it is deleted."""
    row = row_of(place)
    link = row and reverse("admin:llmconfig_preference_history", args=[row.id])
    shown = {"layer": layer, "layer_label": layer_label(layer), "text": place, "link": link}
    return render_to_string("llmconfig/admin/place.html", {"place": shown})
