"""``/v1/tasks``: translation between HTTP and the services; nothing is decided here."""

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from workers.api import described
from workers.api.filters import filters_parse
from workers.api.pages import RunPages
from workers.api.serializers import TaskSerializer
from workers.runs.errors import RunNotFinished, RunWithoutResult
from workers.runs.models import TaskRun
from workers.runs.quota import room_require
from workers.runs.run_json import result_json, run_accepted, run_json
from workers.runs.selectors import run_visible, runs_for_telling, runs_narrowed, runs_visible
from workers.runs.states import FINAL, Status
from workers.submission.cancel import run_cancel
from workers.submission.enqueue import enqueue
from workers.submission.idempotency import run_once
from workers.submission.resubmit import run_retry

CHANGE = "workers.change_taskrun"


class TaskListView(APIView):
    """Accepts work, and lists what was accepted."""

    rate_scopes: ClassVar[dict[str, str]] = {"POST": "submit"}

    @described.LIST
    def get(self, request: Request) -> Response:
        wanted = filters_parse(request.query_params, RunPages.parameters)
        runs = runs_narrowed(runs_visible(request.user), wanted)
        pages = RunPages()
        page = pages.paginate_queryset(runs_for_telling(runs), request, view=self)
        return pages.get_paginated_response([run_json(run) for run in page or ()])

    @described.SUBMIT
    def post(self, request: Request) -> Response:
        serializer = TaskSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return _accepted(_enqueue(request, serializer.validated_data))
        return _accepted(
            run_once(
                key=key,
                user_id=request.user.pk,
                request=request.data,
                make=lambda stored, asked: _enqueue(
                    request,
                    serializer.validated_data,
                    idempotency_key=stored,
                    request_hash=asked,
                    is_locked=True,
                ),
            )
        )


class TaskDetailView(APIView):
    """Tells how a run stands."""

    @described.READ
    def get(self, request: Request, task_id: str) -> Response:
        return Response(run_json(run_visible(request.user, task_id)))


class TaskResultView(APIView):
    """The result alone. Before the end, and where the run ended without one: 409."""

    @described.RESULT_READ
    def get(self, request: Request, task_id: str) -> Response:
        run = run_visible(request.user, task_id)
        told = run_json(run)
        if told["status"] not in FINAL:
            raise RunNotFinished(told["status"])
        if told["status"] != Status.SUCCEEDED:
            raise RunWithoutResult(told["status"], (told["error"] or {}).get("detail", ""))
        return Response(result_json(run))


class TaskCancelView(APIView):
    """Ends a run that has not ended. Cancelled once more, it stays as it is."""

    # It costs no more than a read, and whoever submitted all that is permitted may still stop it.
    rate_scopes: ClassVar[dict[str, str]] = {"POST": "read"}

    @described.CANCEL
    def post(self, request: Request, task_id: str) -> Response:
        run_cancel(_run_to_change(request, task_id), by=request.user)
        return Response(run_json(run_visible(request.user, task_id)))


class TaskRetryView(APIView):
    """Does the same work again as a new run, with the configuration of now."""

    rate_scopes: ClassVar[dict[str, str]] = {"POST": "submit"}

    @described.RETRY
    def post(self, request: Request, task_id: str) -> Response:
        run = _run_to_change(request, task_id, with_payload=True)
        return _accepted(run_retry(run, admit=lambda: room_require(run.user_id)))


def _run_to_change(request: Request, task_id: str, *, with_payload: bool = False) -> TaskRun:
    """One's own; staff change others' with the permission that the admin asks for.

    Raises ``UnknownRun``, ``PermissionDenied``.
    """
    run = run_visible(request.user, task_id, with_payload=with_payload)
    if run.user_id != request.user.pk and not request.user.has_perm(CHANGE):
        raise PermissionDenied(_("This takes the permission %(name)s.") % {"name": CHANGE})
    return run


def _enqueue(
    request: Request, body: Mapping[str, Any], *, is_locked: bool = False, **fields: Any
) -> TaskRun:
    user_id = request.user.pk
    admit = partial(room_require, user_id, is_locked=is_locked)
    return enqueue(user_id=user_id, admit=admit, **body, **fields)


def _accepted(run: TaskRun) -> Response:
    told = run_accepted(run)
    return Response(told, status=202, headers={"Location": told["status_url"]})
