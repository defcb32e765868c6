"""What users state, kept in Redis for all processes, and exact.

- ``invalidation`` marks what a transaction changes; ``store.signals`` and ``tables.querysets``
  call it. ``layers.cached_rows`` reads it in one round trip, ``layers.memo`` keeps decisions.
- ``protocol`` says what Redis holds and why nothing old is ever found there.
- ``server`` and ``outage`` talk to Redis, and leave it alone while it is away.
- ``owed`` keeps what Redis could not be told.
"""
