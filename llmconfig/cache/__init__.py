"""What users state, kept in Redis for all processes, and exact.

- ``reading`` asks it for one user, in one round trip; ``memo`` keeps the decisions of this process.
- ``invalidation`` tells it what a transaction changes; ``signals`` and ``querysets`` call it.
- ``protocol`` says what Redis holds and why nothing old is ever found there.
- ``server`` and ``outage`` talk to Redis, and leave it alone while it is away.
- ``owed`` keeps what Redis could not be told.
"""
