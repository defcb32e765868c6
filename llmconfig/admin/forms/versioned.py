"""What the forms of versioned rows share: whoever saves second is told, and may say why."""

from typing import Any, TypeVar, cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from llmconfig.admin.forms.meanwhile import changes_since
from llmconfig.tables.authorship import REASON_MAX_LENGTH, reason_parse
from llmconfig.tables.models import Preference, Tier
from llmconfig.values.errors import InvalidPreference

Row = TypeVar("Row", Preference, Tier)


class VersionedForm(forms.ModelForm[Row]):
    #: The version that was stored when the form was opened.
    opened_version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    reason = forms.CharField(
        label=_("Why"),
        required=False,
        max_length=REASON_MAX_LENGTH,
        help_text=_("Kept in the history, beside your name."),
        widget=UnfoldAdminTextInputWidget,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["opened_version"] = self.instance.version

    def clean_reason(self) -> str | None:
        try:
            return reason_parse(self.cleaned_data["reason"])
        except InvalidPreference as error:
            messages = [text.translate(gettext) for text in (error.errors or {})["reason"]]
            raise ValidationError(messages) from error

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        opened = cleaned.get("opened_version")
        if self.instance.pk and opened != self.instance.version:
            self._tell_what_changed(opened)
        return cleaned

    def _tell_what_changed(self, opened: int | None) -> None:
        """Keep what was typed. Saving again then replaces the version that was told."""
        text = gettext(
            "Somebody else has changed this row since you opened it, and nothing was saved. What"
            " you entered is kept below; save again to put it in place of the following."
        )
        changes = [(change,) for change in changes_since(self.instance, opened)]
        items = format_html_join("", "<li>{}</li>", changes)
        # One message: several would stand in one line.
        self.add_error(None, format_html('{}<ul class="lc-changes">{}</ul>', text, items))
        data = cast("QueryDict", self.data).copy()
        data[self.add_prefix("opened_version")] = str(self.instance.version)
        self.data = data
