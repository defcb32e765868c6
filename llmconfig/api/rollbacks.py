"""``…/llm-config/rollback``: a document states again what one of its rows stated at a version."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response

from llmconfig.api import access
from llmconfig.api.authors import author
from llmconfig.api.parsers import DocumentParser
from llmconfig.api.preconditions import answer
from llmconfig.api.scoped import ScopedView
from llmconfig.errors import InvalidPreference
from llmconfig.fields import NOT_AN_OBJECT, unknown_key
from llmconfig.history.rollback import document_rollback
from llmconfig.kinds import Integer, Kind, Refused
from llmconfig.messages import Message, gettext_noop
from llmconfig.overviews import scope_overview
from llmconfig.places import RowVersion

_NUMBER = re.compile("[0-9]{1,18}", re.ASCII)


@dataclass(frozen=True)
class RowNumber(Kind):
    """As the API writes ids: a string."""

    @property
    def accepted(self) -> Message:
        return Message(gettext_noop('a number as a string such as "12"'))

    def parse(self, value: object) -> int:
        if not isinstance(value, str) or not _NUMBER.fullmatch(value):
            raise Refused(self.accepted)
        return int(value)


MEMBERS: Mapping[str, Kind] = {"preference": RowNumber(), "version": Integer(0, 2**31 - 1)}


class RollbackView(ScopedView):
    """Answers the preferences and what is effective, as the document's own address does."""

    parser_classes = [DocumentParser]

    @transaction.atomic
    def post(self, request: Request, **named: str) -> Response:
        scope = self.scope_to_write(request, access.WRITE, named)
        wanted = version_parse(request.data)
        document_rollback(
            scope=scope, row_id=wanted.id, to_version=wanted.version, **author(request)
        )
        return answer(scope_overview(scope))


def version_parse(body: object) -> RowVersion:
    """``{"preference": "12", "version": 3}``. Raises ``InvalidPreference``."""
    invalid = Message(gettext_noop("The request is not valid."))
    if not isinstance(body, Mapping):
        raise InvalidPreference(NOT_AN_OBJECT)
    errors: dict[str, Any] = {
        str(key): [unknown_key(key, MEMBERS)] for key in body if key not in MEMBERS
    }
    values = {}
    for name, kind in MEMBERS.items():
        try:
            values[name] = kind.parse(body.get(name))
        except Refused as error:
            errors[name] = [error.message]
    if errors:
        raise InvalidPreference(invalid, errors=errors)
    return RowVersion(values["preference"], values["version"])


class OwnRollback(RollbackView):
    reach = staticmethod(access.own)


class UserRollback(RollbackView):
    reach = staticmethod(access.user)


class TierRollback(RollbackView):
    reach = staticmethod(access.tier)


class TaskTypeRollback(RollbackView):
    reach = staticmethod(access.task_type)


class SystemRollback(RollbackView):
    reach = staticmethod(access.system)
