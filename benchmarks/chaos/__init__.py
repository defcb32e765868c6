"""What becomes of runs while everything around them fails: programs that measure it.

``python -m benchmarks.chaos`` (``make chaos``) runs all parts and writes their table to
docs/explanation/reliability.md; each part is a program too: ``python -m benchmarks.chaos.faults``.
A part prints one line for each thing that it checks and ends with 0 when all of them hold.

A part starts a stack of its own in a temporary home, with a fake Ollama. ``DATABASE_URL``,
``REDIS_URL`` and ``CELERY_BROKER_URL`` are used where they are set: name an empty database.
"""
