"""When and how people have their weekly reports; who has no row has the defaults."""

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from llmconfig.admin.base import ModelAdmin
from workers.reports.choices import HOURS, languages, time_zones
from workers.reports.errors import UnknownLanguage, UnknownTimeZone
from workers.reports.models import ReportSettings


class ReportSettingsForm(forms.ModelForm[ReportSettings]):
    class Meta:
        model = ReportSettings
        fields = ("user", "enabled", "weekday", "hour", "time_zone", "language", "delivery")

    def clean_hour(self) -> int:
        hour: int = self.cleaned_data["hour"]
        if hour not in HOURS:
            raise forms.ValidationError(_("An hour is from 0 to 23."))
        return hour

    def clean_time_zone(self) -> str:
        name: str = self.cleaned_data["time_zone"]
        if name and name not in time_zones():
            raise forms.ValidationError(UnknownTimeZone(name).detail)
        return name

    def clean_language(self) -> str:
        tag: str = self.cleaned_data["language"]
        if tag and tag not in dict(languages()):
            raise forms.ValidationError(UnknownLanguage(tag).detail)
        return tag


@admin.register(ReportSettings)
class ReportSettingsAdmin(ModelAdmin[ReportSettings]):
    form = ReportSettingsForm
    list_display = ("user", "enabled", "weekday", "at", "zone", "language", "delivery")
    list_filter = ("enabled", "weekday", "delivery")
    list_select_related = ("user",)
    search_fields = ("user__username", "user__email", "time_zone")
    autocomplete_fields = ("user",)

    @admin.display(description=_("hour"), ordering="hour")
    def at(self, wishes: ReportSettings) -> str:
        return f"{wishes.hour:02d}:00"

    @admin.display(description=_("time zone"), ordering="time_zone")
    def zone(self, wishes: ReportSettings) -> str:
        return wishes.time_zone or str(_("the server's"))
