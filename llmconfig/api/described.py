"""How the operations of ``…/llm-config`` describe themselves: once, for every scope."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_view,
)
from rest_framework.serializers import Serializer

from llmconfig.api import examples
from llmconfig.api.parsers import DOCUMENT_MAX_BYTES, DOCUMENT_MAX_MEMBERS, MAX_DEPTH
from llmconfig.api.problem_responses import Told, problems
from llmconfig.api.schemas import (
    Overview,
    PreferencesBody,
    RowOverview,
    StatementBody,
    TierOverview,
)
from llmconfig.tables.authorship import REASON_MAX_LENGTH
from llmconfig.values.errors import (
    EditConflict,
    FallbackSameAsModel,
    ModelNotAllowed,
    ModelNotPresent,
    ModelStatedTwice,
    PreconditionFailed,
    PreferenceTooLarge,
    ReasonNotPrintable,
)

TAGS = ["configuration"]
MERGE_PATCH = "application/merge-patch+json"
LIMITS = (
    f"A body has at most {DOCUMENT_MAX_BYTES} bytes, {MAX_DEPTH} levels and"
    f" {DOCUMENT_MAX_MEMBERS} members."
)

ETAG = OpenApiParameter(
    "ETag",
    str,
    OpenApiParameter.HEADER,
    response=[200, 304],
    description="Another one for every other answer; for `If-Match` and `If-None-Match`.",
)
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    str,
    OpenApiParameter.HEADER,
    description="The `ETag` of an earlier answer: 304 without a body while it is current.",
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The `ETag` that was edited: 412 if something has changed since.",
)
REASON = OpenApiParameter(
    "reason",
    {"type": "string", "maxLength": REASON_MAX_LENGTH},
    OpenApiParameter.QUERY,
    description="Why, in one line: it is kept in the history.",
)


@dataclass(frozen=True, kw_only=True)
class Scoped:
    """One kind of document, in the words of its description."""

    #: Part of its operations' names: ``own``, ``user``, ``tier``, ``task_type``, ``system``.
    name: str
    #: "your", "a user's", …
    whose: str
    body: type[Serializer[Any]] = PreferencesBody
    answer: type[Serializer[Any]] = Overview
    parameter: OpenApiParameter | None = None
    #: What its address can be refused for.
    errors: tuple[Told, ...] = ()

    @property
    def parameters(self) -> list[OpenApiParameter]:
        return [self.parameter] if self.parameter else []

    @property
    def example(self) -> dict[str, Any]:
        """A request body."""
        return examples.PREFERENCES if self.body is PreferencesBody else examples.STATEMENT

    @property
    def answered(self) -> OpenApiExample:
        tier = {"tier": examples.TIER} if self.answer is TierOverview else {}
        value = {"preferences": self.example, "effective": examples.EFFECTIVE, **tier}
        return OpenApiExample("overview", value=value, response_only=True, status_codes=["200"])


def _path(name: str, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, str, OpenApiParameter.PATH, description=description)


OWN = Scoped(name="own", whose="your")
USER = Scoped(
    name="user",
    whose="a user's",
    parameter=OpenApiParameter(
        "user_id",
        {"type": "string", "pattern": "^[0-9]{1,18}$"},
        OpenApiParameter.PATH,
        description="The user's id; others' are found by staff alone.",
    ),
    errors=(404,),
)
TIER = Scoped(
    name="tier",
    whose="a tier's",
    answer=TierOverview,
    parameter=_path("name", "The tier's name. For staff."),
    errors=(404,),
)
TASK_TYPE = Scoped(
    name="task_type",
    whose="a task type's",
    body=StatementBody,
    answer=RowOverview,
    parameter=_path("name", "The task type's name. For staff."),
    errors=(404,),
)
SYSTEM = Scoped(name="system", whose="everyone's", body=StatementBody, answer=RowOverview)

_NOT_NOW = (ReasonNotPrintable, EditConflict, PreconditionFailed)
_REFUSED = (
    ModelNotAllowed,
    ModelNotPresent,
    FallbackSameAsModel,
    ModelStatedTwice,
    PreferenceTooLarge,
    *_NOT_NOW,
)


def document_described(scoped: Scoped) -> Callable[[Any], Any]:
    """A class decorator for the view of one kind of document."""
    return extend_schema_view(
        get=_read(scoped), put=_replace(scoped), patch=_change(scoped), delete=_reset(scoped)
    )


def _read(scoped: Scoped) -> Any:
    return extend_schema(
        operation_id=f"get_{scoped.name}_llm_config",
        summary=f"Read {scoped.whose} preferences",
        description="What is stated, and what is effective for each task type, with origins.",
        tags=TAGS,
        parameters=[*scoped.parameters, IF_NONE_MATCH, ETAG],
        responses={
            200: scoped.answer,
            304: OpenApiResponse(description="Not changed."),
            **problems(*scoped.errors),
        },
        examples=[scoped.answered],
    )


def _replace(scoped: Scoped) -> Any:
    return _write(
        scoped,
        verb="replace",
        summary=f"Replace {scoped.whose} preferences",
        description=f"What is null or absent is inherited from weaker layers. {LIMITS}",
        request={"application/json": scoped.body},
        examples=[OpenApiExample("preferences", value=scoped.example, request_only=True)],
    )


def _change(scoped: Scoped) -> Any:
    return _write(
        scoped,
        verb="change",
        summary=f"Change {scoped.whose} preferences",
        description="A JSON merge patch (RFC 7396), also inside `parameters` and"
        f" `task_type_configs`: null removes, what is absent stays. {LIMITS}",
        request={"application/json": scoped.body, MERGE_PATCH: scoped.body},
        examples=[OpenApiExample("patch", value=examples.PATCH, request_only=True)],
    )


def _reset(scoped: Scoped) -> Any:
    return _write(
        scoped,
        verb="reset",
        summary=f"Reset {scoped.whose} preferences",
        description="States nothing any more: all is inherited.",
        request=None,
        errors=(400, *_NOT_NOW),
    )


def _write(
    scoped: Scoped,
    *,
    verb: str,
    examples: Iterable[OpenApiExample] = (),
    errors: tuple[Told, ...] = _REFUSED,
    **described: Any,
) -> Any:
    return extend_schema(
        operation_id=f"{verb}_{scoped.name}_llm_config",
        tags=TAGS,
        parameters=[*scoped.parameters, REASON, IF_MATCH, ETAG],
        responses={200: scoped.answer, **problems(*scoped.errors, *errors)},
        examples=[*examples, scoped.answered],
        **described,
    )
