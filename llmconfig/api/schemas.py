"""The shapes of preferences and decisions on the wire, for the API's description.

They describe and render nothing; bounds come from the table of fields.
"""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from llmconfig.api.kind_fields import field_of, parameter_fields, stated_fields
from llmconfig.values import task_types
from llmconfig.values.errors import ModelNotPresent
from llmconfig.values.fields import FIELDS
from llmconfig.values.preferred_model import ALIAS, MODEL
from llmconfig.values.types import REASONS
from llmconfig.values.windows import AnswerTooLong, WindowSource

Shape = serializers.Serializer[Any]
Fields = dict[str, serializers.Field[Any, Any, Any, Any]]


class ClosedShape(Shape):
    """Of a request: a key that it does not have is refused."""


class TaskTypeMap(serializers.DictField):
    """An object whose keys are registered task types."""

    @property
    def names(self) -> tuple[str, ...]:
        return task_types.names()


@extend_schema_serializer(component_name="Parameters")
class ParametersBody(ClosedShape):
    """Generation parameters; null or absent: inherited."""

    def get_fields(self) -> Fields:
        return parameter_fields(allow_null=True)


@extend_schema_serializer(component_name="Statement")
class StatementBody(ClosedShape):
    """What one scope states; null or absent: inherited."""

    def get_fields(self) -> Fields:
        alias = field_of(
            FIELDS[MODEL].kind,
            required=False,
            allow_null=True,
            help_text="Another word for `model`; answers say `model`.",
        )
        parameters = ParametersBody(required=False, allow_null=True)
        return {**stated_fields(allow_null=True), ALIAS: alias, "parameters": parameters}


@extend_schema_serializer(component_name="Preferences")
class PreferencesBody(StatementBody):
    """What a user or tier states, in general and for single task types."""

    def get_fields(self) -> Fields:
        child = StatementBody(allow_null=True)
        configs = TaskTypeMap(child=child, required=False, allow_null=True)
        return {**super().get_fields(), "task_type_configs": configs}


class Parameters(Shape):
    """Generation parameters."""

    def get_fields(self) -> Fields:
        return parameter_fields()


class Statement(Shape):
    """What one scope states. What is absent is inherited."""

    def get_fields(self) -> Fields:
        return {**stated_fields(), "parameters": Parameters(required=False)}


class Preferences(Statement):
    """What a user or tier states, in general and for single task types."""

    def get_fields(self) -> Fields:
        configs = serializers.DictField(child=Statement(), required=False)
        return {**super().get_fields(), "task_type_configs": configs}


class Origin(Shape):
    """Where a value comes from."""

    layer = serializers.CharField(
        help_text="`system`, `task_type`, `experiment`, `tier`, `user`, `request` or"
        " `model_params`; there may be more."
    )
    place = serializers.CharField(
        help_text="`built-in`, file and line, variable, or row with its version."
    )


class ModelParameters(Shape):
    """What holds for each of the two models under `parameters`."""

    primary = Parameters()
    fallback = Parameters()


class LlmConfig(Shape):
    """A decision: every value, and where it comes from."""

    model = serializers.CharField()
    fallback_model = serializers.CharField(help_text="Empty: there is none.")
    timeout_seconds = serializers.IntegerField(help_text="Of one attempt.")
    first_token_timeout_seconds = serializers.IntegerField(
        allow_null=True, help_text="Until the first token, and between tokens; null: no limit."
    )
    max_retries = serializers.IntegerField()
    deadline_seconds = serializers.IntegerField(help_text="Of the whole run.")
    parameters = Parameters()
    model_parameters = ModelParameters()
    source = serializers.CharField(  # type: ignore[assignment]  # DRF keeps fields apart
        help_text="The strongest layer that states any field; `origins` has each field's own."
    )
    origins = serializers.DictField(
        child=Origin(), help_text="By field; parameters as `parameters.temperature`."
    )
    config_version = serializers.CharField(help_text="Changes when a value does.")


class StatementWarning(Shape):
    """A statement that was accepted and that may not work."""

    field = serializers.CharField(
        help_text="`model` or `fallback_model`, or the same below `task_type_configs`."
    )
    code = serializers.ChoiceField(choices=[ModelNotPresent.code])
    detail = serializers.CharField()


class Overview(Shape):
    """What a user states, and what is effective for each task type."""

    preferences = Preferences()
    effective = serializers.DictField(
        child=LlmConfig(allow_null=True),
        help_text="By task type; null: no configured model is allowed.",
    )
    warnings = StatementWarning(
        many=True, required=False, help_text="In the answer to a change: what may not work."
    )


class Tier(Shape):
    name = serializers.CharField()
    rank = serializers.IntegerField(
        help_text="The highest rank of a user's tiers is the strongest."
    )
    allowed_models = serializers.ListField(
        child=serializers.CharField(), allow_null=True, help_text="Globs; null: all."
    )


class TierOverview(Overview):
    """The same of a tier: effective is what who is a member of it alone gets."""

    tier = Tier()


class RowOverview(Overview):
    """The same of a task type or of everyone, which have one statement each."""

    preferences = Statement()  # type: ignore[assignment]  # narrower than a user's


class Shadowed(Origin):
    value = serializers.JSONField()


class Skipped(Origin):
    """A statement that was passed over."""

    field = serializers.CharField()
    value = serializers.JSONField()
    reason = serializers.ChoiceField(choices=sorted(REASONS))
    detail = serializers.CharField(help_text="The reason in words.")


class Clamped(Shape):
    """A limit that was lowered to another field's value."""

    field = serializers.CharField()
    stated = serializers.IntegerField()
    value = serializers.IntegerField()
    limit = serializers.CharField(help_text="The other field.")


class ReloadOptions(Shape):
    """Options that make a model load again, for each of the two models."""

    primary = serializers.DictField()
    fallback = serializers.DictField()


class OriginsByRole(Shape):
    primary = serializers.DictField(child=Origin())
    fallback = serializers.DictField(child=Origin())


class ContextWindow(Shape):
    """How many tokens a model's prompt and answer have together."""

    tokens = serializers.IntegerField(min_value=1)
    source = serializers.ChoiceField(  # type: ignore[assignment]  # DRF keeps fields apart
        choices=[str(source) for source in WindowSource],
        help_text="`stated` in `model_params`; `loaded`: as a model server has the model now;"
        " `default`: the model server's own.",
    )
    place = serializers.CharField(
        allow_null=True, help_text="File and line, or variable; null: a model server reported it."
    )


class ContextWindows(Shape):
    """Of each of the two models; `fallback` is absent where there is none."""

    primary = ContextWindow(required=False)
    fallback = ContextWindow(required=False)


class ConfigWarning(Shape):
    """A value that a run gets and that will not work well."""

    code = serializers.ChoiceField(choices=[AnswerTooLong.code])
    field = serializers.CharField()
    value = serializers.IntegerField()
    model = serializers.CharField()
    window = serializers.IntegerField(help_text="Tokens of the model's context.")
    accepted = serializers.IntegerField(help_text="The largest value without this warning.")
    detail = serializers.CharField()


class AllowedModels(Shape):
    """Globs; null: all."""

    environment = serializers.ListField(child=serializers.CharField(), allow_null=True)
    tiers = serializers.ListField(child=serializers.CharField(), allow_null=True)


class Preview(LlmConfig):
    """A decision with all that led to it."""

    task_type = serializers.CharField()
    shadowed = serializers.DictField(
        child=serializers.ListField(child=Shadowed()),
        help_text="By field: what weaker places state, the nearest first.",
    )
    skipped = Skipped(many=True)
    clamped = Clamped(many=True)
    model_parameter_origins = OriginsByRole()
    reload_options = ReloadOptions()
    reload_option_origins = OriginsByRole()
    context_windows = ContextWindows()
    warnings = ConfigWarning(many=True)
    allowed_models = AllowedModels()


class PreviewQuery(Shape):
    """The parameters of the preview."""

    def get_fields(self) -> Fields:
        return {
            "task_type": serializers.ChoiceField(choices=task_types.names()),
            "user": serializers.RegexField(
                "^[0-9]{1,18}$", required=False, help_text="The id of another user. For staff."
            ),
        }
