"""Celery messages: queues, the pinned header, publishing."""
