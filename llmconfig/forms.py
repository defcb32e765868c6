"""Forms of the admin: an empty field inherits; refusals stand beside their field."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from llmconfig import known_models, task_types
from llmconfig.errors import FallbackSameAsModel, ModelNotAllowed
from llmconfig.models import Preference
from llmconfig.preference_check import preference_check


class ModelNameInput(forms.TextInput):
    """A text field that offers the known models; any other name may be written."""

    template_name = "llmconfig/widgets/model_name.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["attrs"]["list"] = f"id_{name}_known"
        context["known_models"] = known_models.names()
        return context


class PreferenceForm(forms.ModelForm[Preference]):
    task_type = forms.ChoiceField(label=_("Task type"), required=False)
    no_fallback = forms.BooleanField(
        label=_("No fallback"),
        required=False,
        help_text=_("States that there is none, instead of inheriting one."),
    )

    class Meta:
        model = Preference
        fields = [
            "user",
            "group",
            "task_type",
            "model",
            "fallback_model",
            "timeout_seconds",
            "first_token_timeout_seconds",
            "max_retries",
            "deadline_seconds",
            "parameters",
        ]
        widgets = {
            "model": ModelNameInput(attrs={"class": "vTextField"}),
            "fallback_model": ModelNameInput(attrs={"class": "vTextField"}),
            "parameters": forms.Textarea(attrs={"rows": 4, "class": "vLargeTextField"}),
        }
        help_texts = {
            "parameters": _('JSON such as {"temperature": 0.2, "max_tokens": 400}.'),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored = self.instance.task_type
        # A row of a type that is registered no more stays editable.
        names = sorted({*task_types.names(), *([stored] if stored else [])})
        choices = [("", _("all task types")), *((name, name) for name in names)]
        self.fields["task_type"].choices = choices  # type: ignore[attr-defined]
        self.fields["no_fallback"].initial = self.instance.fallback_model == ""

    def clean_task_type(self) -> str | None:
        return self.cleaned_data["task_type"] or None

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if cleaned and cleaned.get("no_fallback"):
            if cleaned.get("fallback_model"):
                self.add_error("no_fallback", _("Name a fallback model or state none, not both."))
            cleaned["fallback_model"] = ""
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # private, and the hook that Django documents
        if self.errors:
            return
        try:
            preference_check(self.instance)
        except ModelNotAllowed as error:
            self.add_error(error.field, error.message.translate(gettext))
        except FallbackSameAsModel as error:
            self.add_error("fallback_model", error.message.translate(gettext))
