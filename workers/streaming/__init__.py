"""Event streams of a run, from the worker's tokens to an open HTTP response.

- ``attempt_text``, ``publisher``: a worker writes a model's text into a stream of Redis, and any
  process that changes a row publishes its id. Best effort: no generation or write waits for it.
- ``feeds``, ``hub``: a web process follows its watched runs, all of them over one subscription and
  with one query of the database.
- ``diff``: the events that lead from a client's position (``cursors``) to the run's known state.
- ``asgi``, ``serving``: the open responses, outside of Django's request.

The row is the truth here too. Text comes from Redis; states, ended attempts and the result come
from the database, whoever wrote them, so that a message that is lost costs seconds and no more.
"""
