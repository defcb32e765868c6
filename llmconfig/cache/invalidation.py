"""Makes a change of the database known to all readers when it is committed, and not before.

The first write of a transaction marks its scopes, so that from then on nothing about them is kept
or found; after the commit the marks give way to new tokens. A writer that is killed in between
leaves its marks, which end without bringing an old token back. Where Redis cannot be told before
the commit, the debt is stored in the same transaction, see ``owed``.
"""

import os
import secrets
import time
import weakref
from collections.abc import Callable, Collection, Iterable

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.psycopg_any import IsolationLevel

from llmconfig.cache import owed, protocol, server
from llmconfig.cache.namespace import namespace

#: A transaction that still writes after this time marks its scopes again.
RENEW_SECONDS = protocol.LIFETIME_SECONDS / 5

Change = Callable[[server.Wire, Collection[str], str, str], None]


class Invalidation:
    """The scopes that one transaction changes, or one statement outside of any."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self._connection = weakref.ref(connection)
        self._namespace = namespace(connection)
        self._writer = secrets.token_hex(8)
        self._scopes: set[str] = set()
        self._marked_at = time.monotonic()
        self._in_transaction = connection.in_atomic_block
        #: False: Redis may tell others, after the commit, what held before it.
        self.marked = True
        self.released = False

    def add(self, scopes: Iterable[str]) -> None:
        """To be called before these are written."""
        new = protocol.merged({*self._scopes, *scopes}) - self._scopes
        old = self._scopes if time.monotonic() > self._marked_at + RENEW_SECONDS else set()
        self._scopes |= new
        if self.marked and (new or old):
            self.marked = self._tell(protocol.mark, new | old, insist=True)
            self._marked_at = time.monotonic()
        if not self.marked and new and self._in_transaction:
            owed.owe(new)

    def commit(self) -> None:
        """To be called after the commit."""
        try:
            told = self.release(insist=True)
            if not self.marked:
                if not told and not self._in_transaction:
                    owed.owe(self._scopes)
                owed.deliver()
        finally:
            # Until here other threads of this process do not believe what Redis says.
            _open.discard(self)

    def release(self, *, insist: bool = False) -> bool:
        """Whether Redis knows by now that everything kept about the scopes is of the past."""
        self.released = self._tell(protocol.release, self._scopes, insist=insist)
        return self.released

    def leaves_cache_right(self) -> bool:
        """Whether readers of this process may believe Redis meanwhile."""
        if not self._is_over():
            return self.marked
        # Rolled back, as no callback tells, or committed in this very moment.
        if self.release():
            _open.discard(self)
            return True
        return False

    def _is_over(self) -> bool:
        connection = self._connection()
        return connection is None or _pending(connection) is not self

    def _tell(self, change: Change, scopes: set[str], *, insist: bool) -> bool:
        try:
            server.current().ask(
                lambda wire: change(wire, scopes, self._writer, self._namespace), insist=insist
            )
        except server.Unavailable:
            return False
        return True


#: Those of this process that Redis knows of, or should.
_open: set[Invalidation] = set()
#: By connection, that of the statement which runs outside of any transaction.
_alone: weakref.WeakKeyDictionary[BaseDatabaseWrapper, Invalidation] = weakref.WeakKeyDictionary()


def changing(scopes: Iterable[str], using: str | None = None) -> None:
    """To be called before the scopes' rows are written, inside the same transaction if any."""
    connection = transaction.get_connection(using)
    if connection.in_atomic_block:
        _of_transaction(connection).add(scopes)
    else:
        _alone[connection] = Invalidation(connection)
        _alone[connection].add(scopes)


def changed(using: str | None = None) -> None:
    """To be called after the write; it ends what was changed outside of a transaction."""
    connection = transaction.get_connection(using)
    alone = _alone.pop(connection, None)
    # Without autocommit nobody tells when it is committed; the marks stay until they end.
    if alone is not None and connection.get_autocommit():
        alone.commit()


def everything_changed(using: str | None = None) -> None:
    """Forget all that is kept. For writes that no signal tells, such as plain SQL: call it before
    them, inside the same transaction; or after them, outside of any.
    """
    changing({protocol.COMMON}, using)
    changed(using)


def readable(connection: BaseDatabaseWrapper) -> bool:
    """Whether this connection may use the cache: not where a transaction has written itself, nor
    where what it reads may be older than a token that it was told."""
    if connection.in_atomic_block:
        if _pending(connection) or not _reads_committed(connection):
            return False
    elif _alone:
        _end_failed(connection)
    return not _open or all(each.leaves_cache_right() for each in tuple(_open))


def _end_failed(connection: BaseDatabaseWrapper) -> None:
    """A statement that raised is not followed by ``changed``."""
    alone = _alone.get(connection)
    if alone is not None and not alone.released:
        alone.release()


def _of_transaction(connection: BaseDatabaseWrapper) -> Invalidation:
    pending = _pending(connection)
    if pending is None:
        pending = Invalidation(connection)
        transaction.on_commit(pending.commit, using=connection.alias, robust=True)
        _open.add(pending)
    return pending


def _pending(connection: BaseDatabaseWrapper) -> Invalidation | None:
    """That of the transaction. Django drops the callback when the write is rolled back, by the
    transaction or by a savepoint: so the callback itself says whether there is any."""
    for _savepoints, callback, *_ in connection.run_on_commit:
        owner = getattr(callback, "__self__", None)
        if isinstance(owner, Invalidation):
            return owner
    return None


def _reads_committed(connection: BaseDatabaseWrapper) -> bool:
    level = getattr(connection, "isolation_level", None)
    return level is None or level == IsolationLevel.READ_COMMITTED


def _forget() -> None:
    _open.clear()
    _alone.clear()


# What the parent began, the parent ends.
os.register_at_fork(after_in_child=_forget)
