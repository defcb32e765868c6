"""The caller's own preferences, and what would apply to the caller. Views only translate."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils.cache import patch_cache_control
from django.utils.http import parse_etags
from django.utils.translation import gettext
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from llmconfig import selectors, services
from llmconfig.api.parsers import MergePatchParser, StrictJSONParser
from llmconfig.documents import merge_patch
from llmconfig.errors import InvalidPreference, PreconditionFailed
from llmconfig.explain import config_explain
from llmconfig.history.authorship import API
from llmconfig.messages import Message, gettext_noop


class UserLLMConfig(APIView):
    """``/v1/users/llm-config``: all methods answer the preferences and what is effective."""

    parser_classes = [StrictJSONParser, MergePatchParser]

    def get(self, request: Request) -> Response:
        overview = selectors.user_overview(user_id=_caller(request).pk)
        etag = selectors.overview_etag(overview)
        if etag in parse_etags(request.headers.get("If-None-Match", "")):
            return Response(status=304, headers={"ETag": etag})
        return _answer(overview)

    def put(self, request: Request) -> Response:
        return self._change(request, lambda _: request.data)

    def patch(self, request: Request) -> Response:
        return self._change(request, lambda current: merge_patch(current, request.data))

    @transaction.atomic
    def delete(self, request: Request) -> Response:
        _guard(request)
        services.user_preferences_reset(user=_caller(request), source=API)
        return _answer(selectors.user_overview(user_id=_caller(request).pk))

    @transaction.atomic
    def _change(self, request: Request, change: Callable[[Mapping[str, Any]], object]) -> Response:
        _guard(request)
        services.user_preferences_change(user=_caller(request), change=change, source=API)
        return _answer(selectors.user_overview(user_id=_caller(request).pk))


class ConfigPreview(APIView):
    """``/v1/llm/config/preview?task_type=``: what a run of the caller would get now, and why."""

    def get(self, request: Request) -> Response:
        task_type = request.query_params.get("task_type")
        if not task_type:
            required = Message(gettext_noop("This parameter is required."))
            raise InvalidPreference(
                Message(gettext_noop("The request is not valid.")), errors={"task_type": [required]}
            )
        explanation = config_explain(user_id=_caller(request).pk, task_type=task_type)
        if explanation.refusal:
            raise explanation.refusal
        response = Response(explanation.to_wire(gettext))
        patch_cache_control(response, private=True, no_cache=True)
        return response


def _caller(request: Request) -> AbstractBaseUser:
    # The global permission class lets nobody else reach a view.
    return cast("AbstractBaseUser", request.user)


def _guard(request: Request) -> None:
    """Make concurrent edits wait; refuse one that was made on an older state.

    Raises ``PreconditionFailed`` where ``If-Match`` names no current entity tag.
    """
    services.user_preferences_lock(user=_caller(request))
    expected = request.headers.get("If-Match")
    if expected is None:
        return
    tags = parse_etags(expected)
    overview = selectors.user_overview(user_id=_caller(request).pk)
    if tags != ["*"] and selectors.overview_etag(overview) not in tags:
        raise PreconditionFailed


def _answer(overview: Mapping[str, Any]) -> Response:
    response = Response(overview, headers={"ETag": selectors.overview_etag(overview)})
    patch_cache_control(response, private=True, no_cache=True)
    return response
