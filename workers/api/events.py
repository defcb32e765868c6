"""``GET /v1/tasks/{id}/events``: a run as it is worked on, as Server-Sent Events."""

from typing import Any, NoReturn

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
)
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from llmconfig.api.problem_responses import problems
from workers.api.event_schemas import EVENTS, component
from workers.api.queries import query_read
from workers.api.schemas import TASK_ID
from workers.runs.errors import UnknownRun
from workers.runs.selectors import run_visible
from workers.streaming import sse
from workers.streaming.asgi import hand_over
from workers.streaming.cursors import PATTERN, START, Cursor, cursor_read
from workers.streaming.rows import row_of
from workers.streaming.serving import NO_STREAM_RETRY_MILLISECONDS, Ticket
from workers.streaming.snapshot import snapshot
from workers.task_types.strict_fields import StrictSerializer

#: A stream ends after this time at the latest. The client comes back by itself, and is let in
#: again only while it may: so a token that was revoked opens nothing for longer.
LONGEST_SECONDS = 300


#: One event, as tools that read streams see it.
SSE = {"description": "Events, each with `event`, `id` and `data`."}
DESCRIPTION = """\
A stream of [Server-Sent Events](https://html.spec.whatwg.org/multipage/server-sent-events.html)
until the task ends. The data of each event is a JSON object.

| event | data |
|---|---|
| `state` | `{"status"}`: what the task has become |
| `attempt` | one of the task's `attempts`: once when it begins, its `outcome` still null, once \
when it has ended |
| `text` | `{"attempt", "delta"}`: what follows of the text. Types whose answer is JSON tell their \
text when it is whole |
| `reset` | `{"attempt"}`: the text so far is withdrawn, another try follows |
| `end` | `status`, `result`, `error`, `model_used`, `fallback_used`, `usage` and `status_url` of \
the task; nothing follows |

Whoever puts the deltas together, and drops them at `reset`, has the `content` of the result \
when the task has succeeded. The id of an event says how far a client is: sent back as \
`Last-Event-ID` it goes on just there. A stream ends after 300 seconds at the latest, and a \
browser's `EventSource` comes back by itself."""

FROM_THE_BEGINNING = ("", "0")
LAST_EVENT_ID = OpenApiParameter(
    "Last-Event-ID",
    {"type": "string", "pattern": f"^(0|{PATTERN[1:-1]})?$"},
    OpenApiParameter.HEADER,
    description="The id of the last event that arrived: the stream goes on after it. Empty or 0:"
    " from the beginning.",
)

#: The framework offers it where there are two renderers; here one is for errors.
NO_FORMAT = OpenApiParameter("format", exclude=True)

EXAMPLE = OpenApiExample(
    "A short answer",
    value=(
        'id: 0.0.0.0.running\nevent: state\ndata: {"status":"running"}\n\n'
        'id: 1.1.5.0.running\nevent: text\ndata: {"attempt":1,"delta":"Hello"}\n\n'
    ),
    response_only=True,
    status_codes=["200"],
    media_type=sse.CONTENT_TYPE,
)


class EventStreamRenderer(JSONRenderer):
    """For who accepts an event stream and nothing else; what is refused is JSON all the same."""

    media_type = sse.CONTENT_TYPE
    format = "event-stream"


class EventsQuery(StrictSerializer):
    """What may stand behind the ``?``."""

    wait = serializers.IntegerField(
        min_value=0,
        max_value=LONGEST_SECONDS,
        required=False,
        help_text="End the stream after so many seconds, though the task has not ended. 0: what is"
        " known now, and no more.",
    )


class TaskEventsView(APIView):
    """Tells what becomes of a run until it ends, without being asked again."""

    renderer_classes = [EventStreamRenderer, JSONRenderer]

    @extend_schema(
        operation_id="follow_task",
        tags=["tasks"],
        summary="Follow a task",
        description=DESCRIPTION,
        parameters=[TASK_ID, EventsQuery, LAST_EVENT_ID, NO_FORMAT],
        responses={
            (200, sse.CONTENT_TYPE): OpenApiResponse(
                SSE, description="Server-Sent Events.", examples=[EXAMPLE]
            ),
            204: OpenApiResponse(description="The client has had `end`: it stops asking."),
            **problems(400, UnknownRun),
        },
        extensions={"x-events": {name: component(shape) for name, shape in EVENTS.items()}},
    )
    def get(self, request: Request, task_id: str) -> HttpResponse:
        seconds = _seconds(request)
        cursor = _cursor(request)
        run = run_visible(request.user, task_id)
        if cursor.ended:
            # 204 ends a client's reconnects (WHATWG HTML, server-sent events).
            return HttpResponse(status=204, headers=sse.HEADERS)
        ticket = Ticket(
            run_id=run.pk, user_id=request.user.pk, row=row_of(run), told=cursor, seconds=seconds
        )
        is_open = bool(seconds) and ticket.row.end is None and request.method == "GET"
        if is_open and hand_over(request._request, ticket):
            body = b""
        elif is_open:
            body = sse.retry_encode(NO_STREAM_RETRY_MILLISECONDS) + snapshot(run, cursor)
        else:
            body = snapshot(run, cursor)
        return HttpResponse(body, content_type=sse.CONTENT_TYPE, headers=sse.HEADERS)


def _seconds(request: Request) -> int:
    query = EventsQuery(data=query_read(request.query_params))
    query.is_valid(raise_exception=True)
    given: dict[str, Any] = query.validated_data
    return int(given.get("wait", LONGEST_SECONDS))


def _cursor(request: Request) -> Cursor:
    given = request.headers.get("Last-Event-ID", "")
    try:
        return START if given in FROM_THE_BEGINNING else cursor_read(given)
    except ValueError:
        _refuse_id()


def _refuse_id() -> NoReturn:
    message = _("Not the id of an event of this stream; it has the form %(pattern)s.")
    raise serializers.ValidationError({"Last-Event-ID": [message % {"pattern": PATTERN}]})
