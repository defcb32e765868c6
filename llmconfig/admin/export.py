"""Preferences as CSV: what a list shows, one column for each field, streamed."""

import csv
import io
import json
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone

from llmconfig.admin.row_states import row_states
from llmconfig.admin.scopes import Scope
from llmconfig.tables.models import Preference
from llmconfig.values.fields import FIELDS
from llmconfig.values.parameters import PARAMETERS

#: Rows of one query, so that ten thousand rows are never held at once.
CHUNK = 500
#: A spreadsheet takes a cell that starts with one of these for a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def export_response(
    request: HttpRequest, rows: QuerySet[Preference], scope: Scope
) -> StreamingHttpResponse:
    """The rows as a file, in the order of their numbers; mail only for those who may see users."""
    lines = _lines(rows, with_mail=request.user.has_perm("auth.view_user"))
    # Each server streams its own kind of iterator and collects the other before it sends any.
    content = _awaited(lines) if isinstance(request, ASGIRequest) else lines
    name = f"preferences-{scope.slug}-{timezone.localdate().isoformat()}.csv"
    return StreamingHttpResponse(
        content,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def defused(value: object) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _lines(rows: QuerySet[Preference], *, with_mail: bool) -> Iterator[str]:
    head = ["id", "user", *(["mail"] if with_mail else []), "tier", "task_type", *_fields()]
    yield _written([[*head, "state", "version", "updated_at", "updated_by"]])
    for chunk in _chunks(rows):
        yield _written(_cells(row, with_mail=with_mail) for row in chunk)


def _fields() -> list[str]:
    limits = [name for name in FIELDS if name not in ("model", "fallback_model")]
    return ["model", "fallback_model", "no_fallback", *limits, *PARAMETERS]


def _chunks(rows: QuerySet[Preference]) -> Iterator[list[Preference]]:
    ordered = rows.order_by("pk")
    chunk = list(ordered[:CHUNK])
    while chunk:
        yield chunk
        chunk = list(ordered.filter(pk__gt=chunk[-1].pk)[:CHUNK])


def _cells(row: Preference, *, with_mail: bool) -> Iterator[Any]:
    yield row.pk
    yield row.user.get_username() if row.user else ""
    if with_mail:
        yield row.user.email if row.user else ""
    yield row.group.name if row.group else ""
    yield row.task_type
    stated = {**row.stated(), **row.parameters, "no_fallback": ""}
    if row.fallback_model == "":
        stated["no_fallback"] = "yes"
    for name in _fields():
        value = stated.get(name)
        yield json.dumps(value) if isinstance(value, list | bool) else value
    yield " ".join(row_states(row))
    yield row.version
    yield row.updated_at.isoformat(timespec="seconds")
    yield row.updated_by.get_username() if row.updated_by else ""


def _written(rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([defused(cell) for cell in row] for row in rows)
    return text.getvalue()


async def _awaited(lines: Iterator[str]) -> AsyncIterator[str]:
    following = sync_to_async(_following)
    while (line := await following(lines)) is not None:
        yield line


def _following(lines: Iterator[str]) -> str | None:
    return next(lines, None)
