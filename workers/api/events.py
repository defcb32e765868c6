"""``GET /v1/tasks/{id}/events``: a run as it is worked on, as Server-Sent Events."""

from typing import Any, NoReturn

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from workers.events import wire
from workers.events.asgi import hand_over
from workers.events.cursors import PATTERN, START, Cursor, cursor_read
from workers.events.rows import row_of
from workers.events.serving import Ticket
from workers.events.snapshot import snapshot
from workers.selectors import run_visible
from workers.strict import StrictSerializer

#: A stream ends after this time at the latest. The client comes back by itself, and is let in
#: again only while it may: so a token that was revoked opens nothing for longer.
LONGEST_SECONDS = 300


class EventStreamRenderer(JSONRenderer):
    """For who accepts an event stream and nothing else; what is refused is JSON all the same."""

    media_type = wire.CONTENT_TYPE
    format = "event-stream"


class EventsQuery(StrictSerializer):
    """What may stand behind the ``?``."""

    wait = serializers.IntegerField(min_value=0, max_value=LONGEST_SECONDS, required=False)


class TaskEventsView(APIView):
    """Tells what becomes of a run until it ends, without being asked again."""

    renderer_classes = [EventStreamRenderer, JSONRenderer]

    def get(self, request: Request, task_id: str) -> HttpResponse:
        seconds = _seconds(request)
        told = _told(request)
        run = run_visible(request.user, task_id)
        if told.ended:
            # Whoever was told everything stops asking: the standard's word for it.
            return HttpResponse(status=204, headers=wire.HEADERS)
        ticket = Ticket(run_id=run.pk, row=row_of(run), told=told, seconds=seconds)
        is_open = bool(seconds) and ticket.row.end is None and request.method == "GET"
        goes_on = is_open and hand_over(request._request, ticket)
        body = b"" if goes_on else snapshot(run, told)
        return HttpResponse(body, content_type=wire.CONTENT_TYPE, headers=wire.HEADERS)


def _seconds(request: Request) -> int:
    query = EventsQuery(data=request.query_params.dict())
    query.is_valid(raise_exception=True)
    given: dict[str, Any] = query.validated_data
    return int(given.get("wait", LONGEST_SECONDS))


def _told(request: Request) -> Cursor:
    given = request.headers.get("Last-Event-ID", "")
    try:
        return cursor_read(given) if given else START
    except ValueError:
        _refuse_id()


def _refuse_id() -> NoReturn:
    message = _("Not the id of an event of this stream; it has the form %(pattern)s.")
    raise serializers.ValidationError({"Last-Event-ID": [message % {"pattern": PATTERN}]})
