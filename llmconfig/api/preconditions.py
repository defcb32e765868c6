"""Entity tags (RFC 9110, section 13): who has the current state, and who edited an older one."""

from collections.abc import Mapping
from typing import Any

from django.utils.cache import patch_cache_control
from django.utils.http import parse_etags
from rest_framework.request import Request
from rest_framework.response import Response

from llmconfig.store.overviews import overview_etag, overview_warnings, scope_overview
from llmconfig.store.scope_lock import rows_lock
from llmconfig.store.scopes import Scope
from llmconfig.values.errors import PreconditionFailed


def read_answer(request: Request, overview: Mapping[str, Any]) -> Response:
    """What was asked for; 304 where ``If-None-Match`` names it."""
    etag = overview_etag(overview)
    if _matches_weakly(request.headers.get("If-None-Match"), etag):
        return _private(Response(status=304, headers={"ETag": etag}))
    return answer(overview)


def answer(overview: Mapping[str, Any]) -> Response:
    return _private(Response(overview, headers={"ETag": overview_etag(overview)}))


def written_answer(overview: Mapping[str, Any]) -> Response:
    """The same after a change, with warnings. These are no part of the entity tag: they come and go
    with the workers."""
    response = answer(overview)
    response.data = {**overview, "warnings": overview_warnings(overview)}
    return response


def write_begin(request: Request, scope: Scope) -> None:
    """Make concurrent edits wait; refuse one of another state than the caller wants to change.

    Raises ``PreconditionFailed`` where ``If-Match`` does not name the current entity tag, or
    ``If-None-Match`` does.
    """
    rows_lock(scope)
    expected, other = (request.headers.get(name) for name in ("If-Match", "If-None-Match"))
    if expected is None and other is None:
        return
    etag = overview_etag(scope_overview(scope))
    if not _matches(expected, etag) or _matches_weakly(other, etag):
        raise PreconditionFailed


def _matches(header: str | None, etag: str) -> bool:
    tags = ["*"] if header is None else parse_etags(header)
    return tags == ["*"] or etag in tags


def _matches_weakly(header: str | None, etag: str) -> bool:
    tags = parse_etags(header or "")
    return tags == ["*"] or etag in [tag.removeprefix("W/") for tag in tags]


def _private(response: Response) -> Response:
    patch_cache_control(response, private=True, no_cache=True)
    return response
