"""How ``…/llm-config/history`` and ``…/rollback`` describe themselves: once, for every scope."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view

from llmconfig.api.described import ETAG, IF_MATCH, REASON, TAGS, Scoped
from llmconfig.api.history_schemas import ENTRY, HistoryPage, RollbackBody
from llmconfig.api.pages import PAGE
from llmconfig.api.problem_responses import problems
from llmconfig.values.errors import (
    EditConflict,
    FallbackSameAsModel,
    InvalidPreference,
    ModelNotAllowed,
    PreconditionFailed,
    ReasonNotPrintable,
    RollbackRefused,
    UnknownVersion,
)


def history_described(scoped: Scoped) -> Callable[[Any], Any]:
    """A class decorator for the view of one kind of history."""
    page = {"next": None, "previous": None, "results": [ENTRY]}
    return extend_schema_view(
        get=extend_schema(
            operation_id=f"get_{scoped.name}_llm_config_history",
            summary=f"Read the history of {scoped.whose} preferences",
            description="Who changed what when, from where and why; newest first.",
            tags=TAGS,
            parameters=[*scoped.parameters, *PAGE],
            responses={200: HistoryPage, **problems(InvalidPreference, 404)},
            examples=[OpenApiExample("page", value=page, response_only=True)],
        )
    )


def rollback_described(scoped: Scoped) -> Callable[[Any], Any]:
    """A class decorator for the view of one kind of rollback."""
    version = {"preference": ENTRY["preference"], "version": ENTRY["version"]}
    return extend_schema_view(
        post=extend_schema(
            operation_id=f"roll_back_{scoped.name}_llm_config",
            summary=f"Return {scoped.whose} preferences to a version",
            description="The document states again what one of its rows stated, for that row's"
            " task type; the rest stays. What policy refuses today does not return.",
            tags=TAGS,
            parameters=[*scoped.parameters, REASON, IF_MATCH, ETAG],
            request={"application/json": RollbackBody},
            responses={200: scoped.answer, **problems(*scoped.errors, *_ROLLBACK)},
            examples=[
                OpenApiExample("version", value=version, request_only=True),
                scoped.answered,
            ],
        )
    )


_ROLLBACK = (
    UnknownVersion,
    ModelNotAllowed,
    FallbackSameAsModel,
    RollbackRefused,
    EditConflict,
    ReasonNotPrintable,
    PreconditionFailed,
)
