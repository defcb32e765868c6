"""``…/llm-config/rollback``: a document states again what one of its rows stated at a version."""

from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response

from llmconfig.api import access, described
from llmconfig.api.authors import author
from llmconfig.api.described_history import rollback_described
from llmconfig.api.parsers import DocumentParser
from llmconfig.api.preconditions import written_answer
from llmconfig.api.row_versions import version_parse
from llmconfig.api.scoped import ScopedView
from llmconfig.database.conflicts import conflicts_retried
from llmconfig.history.rollback import document_rollback
from llmconfig.store.overviews import scope_overview


class RollbackView(ScopedView):
    """Answers the preferences and what is effective, as the document's own address does."""

    parser_classes = [DocumentParser]

    @conflicts_retried
    @transaction.atomic
    def post(self, request: Request, **named: str) -> Response:
        scope = self.scope_to_write(request, access.WRITE, named)
        wanted = version_parse(request.data)
        document_rollback(
            scope=scope, row_id=wanted.id, to_version=wanted.version, **author(request)
        )
        return written_answer(scope_overview(scope))


@rollback_described(described.OWN)
class OwnRollback(RollbackView):
    reach = staticmethod(access.own)


@rollback_described(described.USER)
class UserRollback(RollbackView):
    reach = staticmethod(access.user)


@rollback_described(described.TIER)
class TierRollback(RollbackView):
    reach = staticmethod(access.tier)


@rollback_described(described.TASK_TYPE)
class TaskTypeRollback(RollbackView):
    reach = staticmethod(access.task_type)


@rollback_described(described.SYSTEM)
class SystemRollback(RollbackView):
    reach = staticmethod(access.system)
