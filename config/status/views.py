"""How the service is: a word for everybody, the detail for staff."""

from dataclasses import asdict
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.utils.cache import patch_cache_control
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.status.facts import DATABASE, Facts
from config.status.gathering import facts_gather
from config.status.serializers import StatusAnswer
from config.status.word import word_of

DESCRIPTION = """\
`ok`; `degraded`: work is accepted, and some of it waits (a part does not answer, a queue has no \
live worker, a breaker is open, mails do not get through); `down`: nothing is accepted, for the \
database does not answer. An answer may be five seconds old. Whoever is not of the staff has the \
word alone; so has everybody while the database, which knows the staff, does not answer."""

DETAIL = {
    "status": "degraded",
    "dependencies": [
        {"name": "database", "ok": True, "problem": ""},
        {"name": "redis", "ok": True, "problem": ""},
        {"name": "broker", "ok": True, "problem": ""},
        {"name": "model_server", "ok": False, "problem": "http://gpu:11434 does not answer"},
    ],
    "queues": [
        {
            "name": "llm.text_generation",
            "depth": 12,
            "oldest_waiting_seconds": 7,
            "paused": False,
            "live_workers": 1,
        }
    ],
    "workers": [
        {
            "name": "text_generation@gpu-box",
            "state": "live",
            "queues": ["llm.text_generation", "llm.text_generation.low"],
            "silent_seconds": 4,
        }
    ],
    "breakers": [
        {
            "host": "http://gpu:11434",
            "model": "llama3.2:3b",
            "state": "open",
            "failures": 3,
            "last_reason": "status 500",
        }
    ],
    "permits": [
        {
            "host": "http://gpu:11434",
            "model": "llama3.2:3b",
            "permits": 4,
            "stated": False,
            "held": 4,
            "waiting": 11,
        }
    ],
}


class StatusView(APIView):
    """Never an error because of what it tells about."""

    permission_classes = [AllowAny]

    def perform_authentication(self, request: Request) -> None:
        """Ask the database who calls only where it answers."""
        self._facts = facts_gather()
        if self._facts.problems[DATABASE]:
            request.user = AnonymousUser()
        super().perform_authentication(request)

    @extend_schema(
        operation_id="get_status",
        tags=["status"],
        summary="How the service is",
        description=DESCRIPTION,
        responses={200: StatusAnswer},
        examples=[
            OpenApiExample("For everybody", value={"status": "ok"}, response_only=True),
            OpenApiExample("For staff", value=DETAIL, response_only=True),
        ],
    )
    def get(self, request: Request) -> Response:
        told: dict[str, Any] = {"status": word_of(self._facts)}
        if getattr(request.user, "is_staff", False):
            told |= _detail(self._facts)
        response = Response(told)
        patch_cache_control(response, private=True, no_cache=True)
        return response


def _detail(facts: Facts) -> dict[str, Any]:
    problems = dict(facts.problems)
    if facts.stored and facts.stored.mail_problem is not None:
        problems["mail"] = facts.stored.mail_problem
    dependencies = [
        {"name": name, "ok": not problem, "problem": problem} for name, problem in problems.items()
    ]
    stored = asdict(facts.stored) if facts.stored else {}
    return {
        "dependencies": dependencies,
        **{name: stored.get(name) for name in ("queues", "workers", "breakers", "permits")},
    }
