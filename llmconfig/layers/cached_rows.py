"""Stored rows of one user, through the cache."""

from contextlib import suppress
from dataclasses import dataclass

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from llmconfig.cache import owed, protocol, server
from llmconfig.cache.invalidation import readable
from llmconfig.cache.namespace import namespace
from llmconfig.cache.protocol import COMMON, Versions, user_scope
from llmconfig.layers.cache_entries import entry_decode, entry_encode, entry_name
from llmconfig.layers.stored import Stored, stored_fetch


@dataclass(frozen=True, slots=True)
class Reading:
    """The state of the user's rows at one moment."""

    user_id: int | None
    #: The tokens of this state, which no other state will have; None: nothing may be kept of it.
    versions: Versions | None = None
    entry: bytes | None = None

    def stored(self) -> Stored:
        """The rows, as they are kept, or else by SQL."""
        kept = self.entry and self.versions and entry_decode(self.entry, self.versions)
        if kept:
            return kept
        stored = stored_fetch(self.user_id)
        if self.versions:
            _keep(self.user_id, stored, self.versions)
        return stored


def read(user_id: int | None) -> Reading:
    """One round trip. Redis away, or the rows being changed: a reading that nothing is kept of."""
    connection = connections[DEFAULT_DB_ALIAS]
    if not readable(connection):
        return Reading(user_id)
    scopes = (COMMON,) if user_id is None else (COMMON, user_scope(user_id))
    entry, place, redis = entry_name(user_id), namespace(connection), server.current()
    try:
        found = redis.ask(lambda wire: protocol.look(wire, scopes, entry, place))
    except server.Unavailable:
        return Reading(user_id)
    if redis.outage.recovered:
        # What it just said may be older than what it was owed while it was away.
        return read(user_id) if _settle(redis, connection) else Reading(user_id)
    return Reading(user_id, *found)


def _settle(redis: server.Server, connection: BaseDatabaseWrapper) -> bool:
    if connection.in_atomic_block or not owed.deliver():
        return False
    redis.outage.recovered = False
    return True


def _keep(user_id: int | None, stored: Stored, versions: Versions) -> None:
    entry, place = entry_name(user_id), namespace(connections[DEFAULT_DB_ALIAS])
    text = entry_encode(stored, versions)
    with suppress(server.Unavailable):
        server.current().ask(lambda wire: protocol.keep(wire, entry, text, place))
