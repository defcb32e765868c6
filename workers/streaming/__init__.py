"""Event streams of a run, from the worker's tokens to an open HTTP response.

- ``tellings`` and ``publisher``: a worker writes what a model says into a stream of Redis, and any
  process that changes a row says so. Best effort: it never holds up a generation or a write.
- ``feeds``, ``hub``: a web process follows the runs that somebody watches, all of them over one
  subscription and with one look at the database.
- ``views`` says what a client is told: the difference between what is known of the run and what
  this client was told before, which the id of each event states (``cursors``).
- ``asgi``, ``serving``: the open responses, outside of Django's request.

The row is the truth here too. Text comes from Redis; states, ended attempts and the result come
from the database, whoever wrote them, so that a message that is lost costs seconds and no more.
"""
