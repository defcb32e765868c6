"""The form of a tier: rank, allow-list, and who joins or leaves."""

from typing import Any, Protocol, cast

from django import forms
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

from llmconfig.admin.forms.versioned import VersionedForm
from llmconfig.tables.models import Tier


class PeopleInput(Protocol):
    """Makes an input for people."""

    def __call__(self, group_id: int | None, /) -> forms.Widget: ...


class AllowListField(forms.CharField):
    """One name or glob on a line; an empty field is no list: None."""

    def to_python(self, value: Any) -> Any:
        lines = (super().to_python(value) or "").splitlines()
        return [line.strip() for line in lines if line.strip()] or None

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list) else value


def _people(label: Any, help_text: Any) -> forms.ModelMultipleChoiceField[Any]:
    nobody = get_user_model()._default_manager.none()
    return forms.ModelMultipleChoiceField(
        label=label, help_text=help_text, queryset=nobody, required=False
    )


class TierForm(VersionedForm[Tier]):
    allowed_models = AllowListField(
        label=_("Allowed models"),
        required=False,
        help_text=_(
            "One name or glob on a line, such as llama3.2:* or qwen3. It narrows what the"
            " environment allows. Empty: all that the environment allows."
        ),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4, "spellcheck": "false"}),
    )
    add_members = _people(_("Add members"), _("They join the group when you save."))
    remove_members = _people(_("Remove members"), _("They leave the group when you save."))

    class Meta:
        model = Tier
        fields = ["group", "rank", "allowed_models"]

    #: Makes the input for people, given a group to choose from; None: membership stays as it is.
    people_input: PeopleInput | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = get_user_model()._default_manager
        members = people.filter(groups=self.instance.group_id)
        self._choose_from("add_members", None, people.all())
        self._choose_from("remove_members", self.instance.group_id, members)

    def _choose_from(self, name: str, group_id: int | None, people: QuerySet[Any]) -> None:
        if self.people_input is None:
            del self.fields[name]
            return
        field = cast("forms.ModelMultipleChoiceField[Any]", self.fields[name])
        field.widget = self.people_input(group_id)
        field.queryset = people
