"""Invalidations that could not be sent to Redis before the commit.

They stand in the database, stored by the transaction that changes the rows, so that whoever
reaches Redis next can deliver them: the writer itself, a process that finds Redis answering again,
or a worker's sweeper.
"""

from collections.abc import Iterable
from datetime import timedelta

from django.db import connection, models
from django.db.models.functions import Now

from llmconfig.cache import protocol, server
from llmconfig.cache.namespace import namespace

#: No writer has this name: whoever delivers takes nobody's mark away.
_NOBODY = "0"


class OwedInvalidation(models.Model):
    """Scopes of which Redis may still tell what held before."""

    scopes = models.JSONField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return ", ".join(self.scopes)


def owe(scopes: Iterable[str]) -> None:
    """Store it, inside the writer's transaction."""
    OwedInvalidation.objects.create(scopes=sorted(scopes))


def deliver() -> bool:
    """Tell Redis all that it is owed; call it outside of transactions. Whether it knows by now."""
    rows = dict(OwedInvalidation.objects.values_list("pk", "scopes"))
    if not rows:
        return True
    scopes = protocol.merged(scope for scopes in rows.values() for scope in scopes)
    try:
        server.current().ask(
            lambda wire: protocol.release(wire, scopes, _NOBODY, namespace(connection))
        )
    except server.Unavailable:
        _forget_expired()
        return False
    OwedInvalidation.objects.filter(pk__in=rows).delete()
    return True


def _forget_expired() -> None:
    """By then nothing is left of what was kept before the change."""
    expired = Now() - timedelta(seconds=protocol.LIFETIME_SECONDS)
    OwedInvalidation.objects.filter(created_at__lt=expired).delete()
