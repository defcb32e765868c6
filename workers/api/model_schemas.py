"""The shapes of ``GET /v1/llm/models``, for the API's description."""

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers

from llmconfig.api.schemas import ContextWindow, Shape
from workers.runs.states import ModelState


class ModelOnWorker(Shape):
    """How one worker has a model."""

    name = serializers.CharField()
    state = serializers.ChoiceField(
        choices=ModelState.values,
        help_text="`missing`: this worker would need it; `unusable`: its model server lists it and"
        " cannot show or load it; `unreachable`: its model server does not answer.",
    )
    host = serializers.CharField(required=False, help_text="For staff.")
    reason = serializers.CharField(
        required=False, help_text="For staff: why the model cannot be used."
    )


class ModelUse(Shape):
    """An effective configuration of the caller that names the model."""

    task_type = serializers.CharField()
    field = serializers.ChoiceField(choices=["model", "fallback_model"])
    layer = serializers.CharField()


class ModelPlace(Shape):
    """Who states the model."""

    layer = serializers.CharField()
    place = serializers.CharField(allow_null=True, help_text="Null: users, who are counted.")
    tier = serializers.CharField(allow_null=True)
    task_types = serializers.ListField(
        child=serializers.CharField(), allow_null=True, help_text="Null: all."
    )
    field = serializers.CharField()
    users = serializers.IntegerField(allow_null=True)


class Model(Shape):
    """A model that a live worker has, or that a configuration names."""

    name = serializers.CharField()
    available = serializers.BooleanField(help_text="A live worker has it at hand now.")
    allowed = serializers.BooleanField(help_text="The policy lets the caller use it.")
    loaded = serializers.BooleanField(help_text="Somewhere, in memory.")
    size = serializers.IntegerField(allow_null=True, help_text="In bytes; null: nobody tells.")
    context_length = serializers.IntegerField(
        allow_null=True, help_text="Tokens that it was trained for."
    )
    context_window = ContextWindow(help_text="What a prompt and its answer have together.")
    capabilities = serializers.ListField(
        child=serializers.CharField(), allow_null=True, help_text="In Ollama's words."
    )
    workers = ModelOnWorker(many=True)
    used_by = ModelUse(many=True)
    places = ModelPlace(many=True, required=False, help_text="For staff.")


class ModelList(Shape):
    """Sorted by name."""

    models = Model(many=True)


MODELS = {
    "models": [
        {
            "name": "llama3.2:3b",
            "available": True,
            "allowed": True,
            "loaded": True,
            "size": 2019393189,
            "context_length": 131072,
            "context_window": {"tokens": 8192, "source": "stated", "place": "config/llm.yaml:31"},
            "capabilities": ["completion", "tools"],
            "workers": [{"name": "insight_generation", "state": "loaded"}],
            "used_by": [
                {"task_type": "TASK_TYPE_INSIGHT_GENERATION", "field": "model", "layer": "system"}
            ],
        }
    ]
}

LIST = extend_schema(
    operation_id="list_models",
    tags=["models"],
    summary="List models",
    description="What live workers have, and what the caller's configurations name. Staff see all"
    " configured models, whole names of workers with their hosts, and who states each model.",
    responses={200: ModelList},
    examples=[OpenApiExample("models", value=MODELS, response_only=True)],
)
