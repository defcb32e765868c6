"""The form of one preference: an empty field inherits; refusals stand beside their field."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldBooleanWidget,
)

from llmconfig.admin.forms.kind_field import KindField
from llmconfig.admin.forms.versioned import VersionedForm
from llmconfig.admin.forms.widgets import ModelNameInput, input_for
from llmconfig.store.preference_check import preference_check
from llmconfig.tables.models import Preference
from llmconfig.values import task_types
from llmconfig.values.errors import LLMConfigError
from llmconfig.values.fields import FIELDS
from llmconfig.values.labels import task_type_label
from llmconfig.values.parameters import PARAMETERS


def _limit(name: str, label: Any, help_text: Any) -> KindField:
    kind = FIELDS[name].kind
    return KindField(kind, label=label, help_text=help_text, widget=input_for(kind))


def _parameter(name: str) -> KindField:
    kind = PARAMETERS[name]
    return KindField(kind, label=name, widget=input_for(kind))


class PreferenceForm(VersionedForm[Preference]):
    task_type = forms.ChoiceField(
        label=_("Task type"), required=False, widget=UnfoldAdminSelectWidget
    )
    model = KindField(FIELDS["model"].kind, label=_("Model"), widget=ModelNameInput())
    fallback_model = KindField(
        FIELDS["fallback_model"].kind,
        label=_("Fallback model"),
        help_text=_("Answers when the model fails."),
        widget=ModelNameInput(),
    )
    no_fallback = forms.BooleanField(
        label=_("No fallback"),
        required=False,
        widget=UnfoldBooleanWidget,
        help_text=_("When the model fails, the run fails; no fallback is inherited."),
    )
    timeout_seconds = _limit("timeout_seconds", _("Timeout"), _("Of one attempt."))
    first_token_timeout_seconds = _limit(
        "first_token_timeout_seconds",
        _("First token timeout"),
        _("Until the first token, and between tokens."),
    )
    max_retries = _limit(
        "max_retries", _("Retries"), _("Of the same model, after the first attempt.")
    )
    deadline_seconds = _limit("deadline_seconds", _("Deadline"), _("Of the whole run."))
    temperature = _parameter("temperature")
    top_p = _parameter("top_p")
    top_k = _parameter("top_k")
    min_p = _parameter("min_p")
    max_tokens = _parameter("max_tokens")
    seed = _parameter("seed")
    stop = _parameter("stop")
    repeat_penalty = _parameter("repeat_penalty")
    presence_penalty = _parameter("presence_penalty")
    frequency_penalty = _parameter("frequency_penalty")
    think = _parameter("think")

    class Meta:
        model = Preference
        fields = ["user", "group", "task_type", *FIELDS]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "task_type" in (self._meta.fields or ()):
            names = [(name, task_type_label(name)) for name in task_types.names()]
            choices = [("", _("all task types")), *names]
            self.fields["task_type"].choices = choices  # type: ignore[attr-defined]
        else:
            del self.fields["task_type"]
        self.initial.update(self.instance.parameters)
        self.initial["no_fallback"] = self.instance.fallback_model == ""

    def clean_task_type(self) -> str | None:
        return self.cleaned_data["task_type"] or None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("no_fallback"):
            if cleaned.get("fallback_model"):
                self.add_error("no_fallback", _("Name a fallback model or state none, not both."))
            cleaned["fallback_model"] = ""
        return cleaned

    def parameters(self) -> dict[str, Any]:
        """The parameters that the form states."""
        stated = {name: self.cleaned_data.get(name) for name in PARAMETERS}
        return {name: value for name, value in stated.items() if value is not None}

    def _post_clean(self) -> None:
        self.instance.parameters = self.parameters()
        super()._post_clean()  # type: ignore[misc]  # private, and the hook that Django documents
        if self.errors:
            return
        try:
            preference_check(self.instance)
        except LLMConfigError as error:
            self._add_refusal(error)

    def _add_refusal(self, error: LLMConfigError) -> None:
        wrong: Mapping[str, Any] = error.errors or {"fallback_model": [error.message]}
        for name, messages in wrong.items():
            field = name if name in self.fields else None
            self.add_error(field, [message.translate(gettext) for message in messages])


def parameter_fields() -> tuple[str, ...]:
    """The form's fields of the closed list of parameters, in its order."""
    return tuple(name for name in PreferenceForm.base_fields if name in PARAMETERS)
