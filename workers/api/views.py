"""``/v1/tasks``: translation between HTTP and ``enqueue``; nothing is decided here."""

import uuid

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from workers.api.serializers import TaskSerializer
from workers.api.wire import run_accepted, run_told
from workers.enqueue import enqueue
from workers.errors import UnknownRun
from workers.models import TaskRun


class TaskListView(APIView):
    """Accepts work."""

    def post(self, request: Request) -> Response:
        serializer = TaskSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        body = serializer.validated_data
        run = enqueue(
            task_type=body["task_type"],
            payload=body["payload"],
            user_id=request.user.pk,
            priority=body["priority"],
            deadline_seconds=body.get("deadline_seconds"),
            metadata=body.get("metadata"),
            request=body.get("llm"),
        )
        told = run_accepted(run)
        return Response(told, status=202, headers={"Location": told["status_url"]})


class TaskDetailView(APIView):
    """Tells how a run stands, to whoever asked for it."""

    def get(self, request: Request, task_id: str) -> Response:
        return Response(run_told(run_of_user(task_id, str(request.user.pk))))


def run_of_user(task_id: str, user_id: str) -> TaskRun:
    """The user's own run. Raises ``UnknownRun`` for everything else."""
    try:
        return TaskRun.objects.prefetch_related("attempts").get(
            pk=uuid.UUID(task_id), user_id=user_id
        )
    except (ValueError, TaskRun.DoesNotExist):
        raise UnknownRun from None
