"""PostgreSQL: the engine for Django (``base``), what its errors mean, retry of conflicts.

``ENGINE = "llmconfig.database"`` is Django's engine for PostgreSQL with one rule more: sessions
that cannot write leave the pool.
"""
