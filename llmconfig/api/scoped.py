"""What all views of a document share: whose it is, and that one who edits waits for another."""

from collections.abc import Collection, Mapping
from typing import ClassVar

from rest_framework.request import Request
from rest_framework.views import APIView

from llmconfig.api.access import Reach
from llmconfig.api.preconditions import write_begin
from llmconfig.store.scopes import Scope


class ScopedView(APIView):
    #: Finds the scope of an address.
    reach: ClassVar[Reach]

    def scope(self, request: Request, actions: Collection[str], named: Mapping[str, str]) -> Scope:
        """Raises ``NotFound``, ``PermissionDenied``."""
        return type(self).reach(request, actions, **named)

    def scope_to_write(
        self, request: Request, actions: Collection[str], named: Mapping[str, str]
    ) -> Scope:
        """The same; nobody else changes it before the transaction ends.

        Raises also ``PreconditionFailed``, ``EditConflict``.
        """
        scope = self.scope(request, actions, named)
        write_begin(request, scope)
        return scope
