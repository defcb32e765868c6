"""Celery's consumer, made to survive a broker that restarts and messages that nobody can read.

Celery 5.7.0 closes its dead connection on a connection error; with the Redis transport that close
tries to restore messages over a transport which has lost its client, raises AttributeError, and
the worker exits. Reconnecting needs no close: the messages come back by visibility timeout, and
the run's claim keeps them from running twice.

A message whose body is JSON but no task message raises what Celery's loop does not catch: the
worker exits, the message comes back, and the queue stands still. Such a message is dropped, as
those that Celery knows to be bad.
"""

from typing import Any

from celery.worker.consumer import Consumer as CeleryConsumer


class Consumer(CeleryConsumer):
    """Celery's, less one way to die and with one more thing to drop."""

    def create_task_handler(self, *args: Any, **options: Any) -> Any:
        handle = super().create_task_handler(*args, **options)

        def handle_or_drop(message: Any) -> Any:
            try:
                return handle(message)
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                return self.on_decode_error(message, error)

        return handle_or_drop

    def on_connection_error_after_connected(self, exc: Exception) -> Any:
        if self.connection is not None:
            self.connection.close = lambda: None  # type: ignore[method-assign]
        return super().on_connection_error_after_connected(exc)
