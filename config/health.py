"""Probes for whoever runs the process, without a login: live, and ready to accept work."""

from collections.abc import Mapping
from typing import Any

from django.core.handlers.asgi import get_script_prefix
from django.http import HttpRequest, JsonResponse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_safe

from config import readiness

#: Where they are, for what treats them apart (config.admission, production settings).
PATHS = frozenset({"/healthz", "/readyz"})


def is_probe(scope: Mapping[str, Any]) -> bool:
    """Whether an ASGI request asks for one of them, below whatever path the service lies."""
    path: str = scope["path"]
    return path.removeprefix(get_script_prefix(scope)) in PATHS


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 ``{"status": "ok"}`` while the process answers at all. Nothing else is asked: to restart
    the process mends no database."""
    return _response({"status": "ok"}, 200)


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 ``{"status": "ok"}``, or 503 with the part that keeps the process from accepting work."""
    found = readiness.unready.get()
    if found is None:
        found = (readiness.SILENT,)
    if not found:
        return _response({"status": "ok"}, 200)
    return _response({"status": "unavailable", **{each.part: each.state for each in found}}, 503)


def _response(body: dict[str, str], status: int) -> JsonResponse:
    response = JsonResponse(body, status=status)
    add_never_cache_headers(response)
    return response
