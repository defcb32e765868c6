"""``/v1/llm/config/preview``: what a run would get now, and why."""

from django.utils.cache import patch_cache_control
from django.utils.translation import gettext
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from llmconfig.api import access, examples
from llmconfig.api.problem_responses import problems
from llmconfig.api.schemas import Preview, PreviewQuery
from llmconfig.resolution.explain import config_explain
from llmconfig.values.errors import InvalidPreference, NoAllowedModel, UnknownTaskType
from llmconfig.values.messages import Message, gettext_noop


class ConfigPreview(APIView):
    """Of the caller, or for staff of the user whom the parameter ``user`` names."""

    @extend_schema(
        operation_id="preview_llm_config",
        summary="Preview a decision",
        description="The configuration that a task of this type would get now: every field with"
        " its origin, what was shadowed, skipped or clamped, the context window of each model,"
        " and warnings.",
        tags=["configuration"],
        parameters=[PreviewQuery],
        responses={
            200: Preview,
            **problems(InvalidPreference, UnknownTaskType, 404, NoAllowedModel),
        },
        examples=[OpenApiExample("preview", value=examples.PREVIEW, response_only=True)],
    )
    def get(self, request: Request) -> Response:
        user_id = request.query_params.get("user", str(request.user.pk))
        scope = access.user(request, access.READ, user_id=user_id)
        explanation = config_explain(user_id=scope.user_id, task_type=_task_type(request))
        if explanation.refusal:
            raise explanation.refusal
        response = Response(explanation.to_wire(gettext))
        patch_cache_control(response, private=True, no_cache=True)
        return response


def _task_type(request: Request) -> str:
    if task_type := request.query_params.get("task_type"):
        return task_type
    required = Message(gettext_noop("This parameter is required."))
    raise InvalidPreference(
        Message(gettext_noop("The request is not valid.")), errors={"task_type": [required]}
    )
