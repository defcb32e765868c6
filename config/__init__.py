"""Wiring only: settings, addresses, the Celery application and the embedded parts."""
