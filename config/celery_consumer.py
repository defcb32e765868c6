"""Celery's consumer, made to survive what brokers do and messages that nobody can read.

An outage is logged once, when it begins, and the worker waits in the same process until the broker
takes messages again: a Redis that is a replica, full or loading accepts connections and refuses
every command, so a connection alone proves nothing.

Celery 5.7.0 closes its dead connection on a connection error; with the Redis transport that close
tries to restore messages over a transport which has lost its client, raises AttributeError, and
the worker exits. Reconnecting needs no close: the messages come back by visibility timeout, and
the run's claim keeps them from running twice. An acknowledgement that the broker refuses is left to
the same timeout.

A message whose body is JSON but no task message raises what Celery's loop does not catch: the
worker exits, the message comes back, and the queue stands still. Such a message is dropped, as
those that Celery knows to be bad.
"""

import logging
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import redis
from celery.exceptions import CPendingDeprecationWarning
from celery.worker.consumer import Consumer as CeleryConsumer
from celery.worker.state import maybe_shutdown
from kombu.exceptions import OperationalError

from llmconfig.cache.redis_keys import redis_key

logger = logging.getLogger(__name__)

AGAIN_SECONDS = 1.0
#: Written to prove that Redis takes writes; it ends by itself.
PROBE = "probe"


class Consumer(CeleryConsumer):
    """Celery's, less some ways to die and with one more thing to drop."""

    connection_errors: tuple[type[Exception], ...]
    channel_errors: tuple[type[Exception], ...]
    _ack_error: Exception | None = None

    def create_task_handler(self, *args: Any, **options: Any) -> Any:
        handle = super().create_task_handler(*args, **options)

        def handle_or_drop(message: Any) -> Any:
            message.ack_log_error = partial(self._ack, message.ack)
            message.reject_log_error = partial(self._ack, message.reject)
            try:
                return handle(message)
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                return self.on_decode_error(message, error)

        return handle_or_drop

    def register_with_event_loop(self, hub: Any) -> None:
        super().register_with_event_loop(hub)
        self._ack_error = None
        hub.on_tick.add(self._reconnect_after_ack)

    def on_connection_error_after_connected(self, exc: Exception) -> Any:
        if self.connection is not None:
            self.connection.close = lambda: None  # type: ignore[method-assign]
        # Celery logs the repr, which for redis-py is "(server:ResponseError)".
        told = ConnectionError(f"{type(exc).__name__}: {exc}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CPendingDeprecationWarning)
            return super().on_connection_error_after_connected(told)

    def ensure_connected(self, conn: Any) -> Any:
        self._await_broker()
        return super().ensure_connected(conn)

    @property
    def _broker_errors(self) -> tuple[type[Exception], ...]:
        return (*self.connection_errors, *self.channel_errors, OperationalError)

    def _await_broker(self) -> None:
        """Return when the broker takes messages, or raise because the worker is to stop."""
        is_logged = self.restart_count > 0  # by Celery, with the error
        while True:
            maybe_shutdown()
            try:
                with self.app.connection_for_write() as connection:
                    _probe(connection)
                return
            except self._broker_errors as error:
                if not is_logged:
                    logger.warning(
                        "The broker takes no messages; the worker waits for it: %s", error
                    )
                is_logged = True
            time.sleep(AGAIN_SECONDS)

    def _ack(self, acknowledge: Callable[..., Any], *_: Any, **options: Any) -> None:
        """Kombu's ``ack_log_error``, which logs a traceback for every message of an outage and
        leaves the message in the prefetch count: a worker with one slot would read no more."""
        try:
            acknowledge(**options)
        except self._broker_errors as error:
            logger.debug("A message is not acknowledged and comes again: %s", error)
            self._ack_error = error

    def _reconnect_after_ack(self) -> None:
        """Part of the event loop. An acknowledgement may also be made while that is closed, where
        an error would leave it half open."""
        error, self._ack_error = self._ack_error, None
        if error is not None:
            raise error


def _probe(connection: Any) -> None:
    """Raise the broker's error where it would take no message now."""
    connection.connect()
    if connection.transport.driver_type == "redis":
        client = redis.Redis(connection_pool=connection.default_channel.pool)
        client.set(redis_key(PROBE), "", px=1)
