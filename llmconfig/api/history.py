"""``…/llm-config/history``: who changed a scope's preferences when, from where, why, and what."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from llmconfig.api import access, described
from llmconfig.api.described_history import history_described
from llmconfig.api.moments import moment_json
from llmconfig.api.pages import NumberedPages
from llmconfig.api.scoped import ScopedView
from llmconfig.history.entries import Entry, document_records, entries_of
from llmconfig.values.diffs import SCOPE_FIELDS
from llmconfig.values.fields import FIELDS, PARAMETERS_KEY

#: How staff are called before those who are not.
STAFF = "staff"


class HistoryPages(NumberedPages):
    """Newest first."""

    ordering = ("-history_id",)


class HistoryView(ScopedView):
    def get(self, request: Request, **named: str) -> Response:
        scope = self.scope(request, access.READ, named)
        pages = HistoryPages()
        records = pages.paginate_queryset(document_records(scope), request, view=self) or []
        entries = entries_of(records)
        return pages.get_paginated_response([entry_json(entry, request) for entry in entries])


def entry_json(entry: Entry, request: Request) -> dict[str, Any]:
    """One change, as the API tells it to the caller."""
    return {
        "preference": str(entry.row_id),
        "version": entry.version,
        "task_type": entry.state["task_type"],
        "kind": entry.kind,
        "at": moment_json(entry.at),
        "by": _author(entry, request),
        "source": entry.source,
        "reason": entry.reason,
        "changes": [
            {"field": change.field, "old": change.old, "new": change.new}
            for change in entry.changes
            if change.field not in SCOPE_FIELDS
        ],
        "preferences": _stated(entry),
    }


def _author(entry: Entry, request: Request) -> str | None:
    if entry.by is None or access.is_staff(request) or entry.by_id == request.user.pk:
        return entry.by
    return STAFF


def _stated(entry: Entry) -> dict[str, Any]:
    fields = {name: entry.state[name] for name in FIELDS if entry.state[name] is not None}
    parameters = entry.state[PARAMETERS_KEY]
    return {**fields, **({PARAMETERS_KEY: parameters} if parameters else {})}


@history_described(described.OWN)
class OwnHistory(HistoryView):
    reach = staticmethod(access.own)


@history_described(described.USER)
class UserHistory(HistoryView):
    reach = staticmethod(access.user)


@history_described(described.TIER)
class TierHistory(HistoryView):
    reach = staticmethod(access.tier)


@history_described(described.TASK_TYPE)
class TaskTypeHistory(HistoryView):
    reach = staticmethod(access.task_type)


@history_described(described.SYSTEM)
class SystemHistory(HistoryView):
    reach = staticmethod(access.system)
