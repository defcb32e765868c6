"""The form of a person's report settings."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workers.reports.choices import HOURS, languages, time_zones_offered
from workers.reports.models import ReportSettings


class ReportSettingsForm(forms.ModelForm[ReportSettings]):
    """All of them; an empty zone or language means the server's."""

    hour = forms.TypedChoiceField(
        label=gettext_lazy("Hour"),
        coerce=int,
        choices=[(hour, f"{hour:02d}:00") for hour in HOURS],
    )
    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone"), required=False)
    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False)

    class Meta:
        model = ReportSettings
        fields = ("enabled", "weekday", "hour", "time_zone", "language", "delivery")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "label_suffix": ""})
        zones = [(name, name) for name in time_zones_offered()]
        self._offer("time_zone", settings.TIME_ZONE, zones)
        self._offer("language", settings.LANGUAGE_CODE, list(languages()))

    def _offer(self, name: str, default: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  (declared above)
        stored = getattr(self.instance, name)
        if stored and stored not in dict(choices):
            # What the system's database has no more stays as it is until the person chooses.
            choices = [(stored, stored), *choices]
        field.choices = [("", _("The server's: %(value)s") % {"value": default}), *choices]
