"""``…/llm-config``: what a scope states, and what follows from it. Views only translate."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response

from llmconfig.api import access, described
from llmconfig.api.authors import author
from llmconfig.api.described import document_described
from llmconfig.api.parsers import DocumentParser, DocumentPatchParser, body_of
from llmconfig.api.preconditions import read_answer, written_answer
from llmconfig.api.scoped import ScopedView
from llmconfig.database.conflicts import conflicts_retried
from llmconfig.store import services
from llmconfig.store.documents import document_patch
from llmconfig.store.overviews import scope_overview


class DocumentView(ScopedView):
    """All methods answer the preferences and what is effective."""

    parser_classes = [DocumentParser, DocumentPatchParser]

    def get(self, request: Request, **named: str) -> Response:
        return read_answer(request, scope_overview(self.scope(request, access.READ, named)))

    def put(self, request: Request, **named: str) -> Response:
        return self._change(request, named, lambda _: body_of(request))

    def patch(self, request: Request, **named: str) -> Response:
        return self._change(
            request, named, lambda current: document_patch(current, body_of(request))
        )

    @conflicts_retried
    @transaction.atomic
    def delete(self, request: Request, **named: str) -> Response:
        scope = self.scope_to_write(request, access.RESET, named)
        services.preferences_reset(scope=scope, **author(request))
        return written_answer(scope_overview(scope))

    @conflicts_retried
    @transaction.atomic
    def _change(
        self,
        request: Request,
        named: Mapping[str, str],
        change: Callable[[Mapping[str, Any]], object],
    ) -> Response:
        scope = self.scope_to_write(request, access.WRITE, named)
        services.preferences_change(scope=scope, change=change, **author(request))
        return written_answer(scope_overview(scope))


@document_described(described.OWN)
class OwnDocument(DocumentView):
    reach = staticmethod(access.own)


@document_described(described.USER)
class UserDocument(DocumentView):
    reach = staticmethod(access.user)


@document_described(described.TIER)
class TierDocument(DocumentView):
    reach = staticmethod(access.tier)


@document_described(described.TASK_TYPE)
class TaskTypeDocument(DocumentView):
    reach = staticmethod(access.task_type)


@document_described(described.SYSTEM)
class SystemDocument(DocumentView):
    reach = staticmethod(access.system)
