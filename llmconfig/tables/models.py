"""Rows of preferences, one for each scope, and of tiers. NULL means inherit."""

from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from llmconfig.tables.constraints import allow_list_constraint, field_constraints
from llmconfig.tables.records import Records
from llmconfig.tables.versioned import Versioned
from llmconfig.values.allow_list import allow_list_parse
from llmconfig.values.fields import FIELDS, PARAMETERS_KEY, Errors, fields_parse
from llmconfig.values.kinds import Refused
from llmconfig.values.labels import scope_label
from llmconfig.values.messages import Message
from llmconfig.values.model_grammar import MAX_LENGTH as MODEL_MAX_LENGTH
from llmconfig.values.places import RowVersion

TASK_TYPE_MAX_LENGTH = 100


class Preference(Versioned):
    """Some fields for one scope: everyone, a task type, a tier or a user, or two of these."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="llm_preferences",
    )
    group = models.ForeignKey(
        Group,
        verbose_name=_("tier"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="llm_preferences",
    )
    task_type = models.CharField(  # noqa: DJ001  (NULL is the scope of all types)
        _("task type"), max_length=TASK_TYPE_MAX_LENGTH, null=True, blank=True
    )
    model = models.CharField(  # noqa: DJ001  (NULL inherits)
        _("model"), max_length=MODEL_MAX_LENGTH, null=True, blank=True
    )
    fallback_model = models.CharField(  # noqa: DJ001  (NULL inherits, "" is none)
        _("fallback model"), max_length=MODEL_MAX_LENGTH, null=True, blank=True
    )
    timeout_seconds = models.PositiveSmallIntegerField(
        _("timeout (seconds)"), null=True, blank=True, help_text=_("Of one attempt.")
    )
    first_token_timeout_seconds = models.PositiveSmallIntegerField(
        _("first token timeout (seconds)"),
        null=True,
        blank=True,
        help_text=_("Until the first token, and between tokens."),
    )
    max_retries = models.PositiveSmallIntegerField(
        _("retries"), null=True, blank=True, help_text=_("Of the same model, after the first try.")
    )
    deadline_seconds = models.PositiveIntegerField(
        _("deadline (seconds)"), null=True, blank=True, help_text=_("Of the whole run.")
    )
    parameters = models.JSONField(_("parameters"), default=dict, blank=True)
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("updated by"),
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    history: Any = Records(excluded_fields=("created_at", "updated_at", "updated_by"))

    class Meta:
        # Also where Django itself writes many rows, such as user.llm_preferences.set().
        base_manager_name = "objects"
        verbose_name = _("preference")
        verbose_name_plural = _("preferences")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "group", "task_type"],
                nulls_distinct=False,
                name="preference_one_per_scope",
                violation_error_message=_("There is a preference for this scope already."),
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=True) | Q(group__isnull=True),
                name="preference_user_or_group",
            ),
            models.CheckConstraint(condition=~Q(task_type=""), name="preference_task_type"),
            models.CheckConstraint(condition=~Q(model=""), name="preference_model"),
            *field_constraints(),
        ]

    def __str__(self) -> str:
        return scope_label(self)

    @property
    def name(self) -> str:
        return f"preference {self.pk}"

    @property
    def place(self) -> str:
        """How an origin names this row: with its version, so that old runs can be explained."""
        return RowVersion(self.pk, self.version).place

    def stated(self) -> dict[str, Any]:
        """The fields that this row states, as JSON."""
        fields = {name: value for name in FIELDS if (value := getattr(self, name)) is not None}
        return {**fields, **({PARAMETERS_KEY: self.parameters} if self.parameters != {} else {})}

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        found: dict[str, Any] = {}
        try:
            super().clean_fields(exclude=exclude)
        except ValidationError as error:
            found = error.error_dict
        values, errors = fields_parse(self.stated())
        for name, wrong in errors.items():
            if name not in found and name not in (exclude or ()):
                found[name] = _texts(wrong)
        if found:
            raise ValidationError(found)
        if not exclude or PARAMETERS_KEY not in exclude:
            self.parameters = values.get(PARAMETERS_KEY, {})

    def clean(self) -> None:
        if self.user_id is not None and self.group_id is not None:
            raise ValidationError(
                _("A preference is for a user or for a tier, not for both."), code="user_and_tier"
            )

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        # The field table has been applied by now: only uniqueness still needs the database, which
        # would otherwise be asked once for each of the bounds.
        unique = self._meta.constraints[0]
        try:
            unique.validate(type(self), self, exclude=set(exclude or ()))
        except ValidationError as error:
            raise ValidationError({"__all__": error.error_list}) from error


def _texts(errors: list[Message] | Errors) -> list[str]:
    """Messages of one field as flat, translated lines."""
    if isinstance(errors, list):
        return [message.translate(gettext) for message in errors]
    return [f"{key}: {line}" for key, wrong in errors.items() for line in _texts(wrong)]


class Tier(Versioned):
    """The rank of a group among the groups that have preferences."""

    group = models.OneToOneField(
        Group, verbose_name=_("group"), on_delete=models.CASCADE, related_name="tier"
    )
    rank = models.PositiveIntegerField(
        _("rank"),
        unique=True,
        help_text=_("Of several tiers of one user, the one with the highest rank is strongest."),
    )
    allowed_models = models.JSONField(  # a list of globs, as LLM_ALLOWED_MODELS has them
        _("allowed models"),
        null=True,
        blank=True,
        help_text=_(
            "Narrows what this environment allows for the members. Empty: all that it allows."
        ),
    )
    history: Any = Records()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("tier")
        verbose_name_plural = _("tiers")
        ordering = ["rank"]
        constraints = [allow_list_constraint()]

    def __str__(self) -> str:
        return self.group.name

    @property
    def name(self) -> str:
        return f"tier {self.pk}"

    def clean(self) -> None:
        if self.allowed_models is None:
            return
        try:
            allow_list_parse(self.allowed_models)
        except Refused as error:
            text = error.message.translate(gettext)
            raise ValidationError({"allowed_models": text}) from None
