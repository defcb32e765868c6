"""Identity of an installation: one Redis and key prefix serve one database.

The database holds a UUID (`workers.models.Installation`). The first process writes it to Redis
below the prefix; one whose database has another does not start. A missing key also shows data loss
of the broker: Redis was flushed, evicted keys or was replaced, and queued messages went with it.
"""

import logging
from typing import Any

import redis
from celery import current_app
from django.conf import settings

from llmconfig.cache.redis_keys import redis_key
from workers.messaging.publish import BROKER_AWAY
from workers.process.models import Installation
from workers.process.models.installation import ONLY
from workers.runs.models import TaskRun
from workers.runs.states import Status

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 2.0
#: ValueError: what answers does not speak Redis.
AWAY = (*BROKER_AWAY, redis.RedisError, ValueError)


class ForeignRedis(Exception):
    """Another installation uses this Redis with the same prefix."""

    def __init__(self, server: str) -> None:
        prefix = settings.REDIS_KEY_PREFIX
        super().__init__(
            f"REDIS_KEY_PREFIX: {f'{prefix} is' if prefix else 'not set, and no prefix is'} the"
            f" prefix of another installation in the Redis of {server}.\n"
            "Set it to a text of this installation's own, such as staging: - or, where the other"
            f" installation is gone, delete its identity: redis-cli DEL {identity_key()}"
        )


def identity_key() -> str:
    return redis_key("installation")


def installation_verify() -> None:
    """Compare identities, and write ours where there is none.

    Raises ``ForeignRedis``. A broker that is away is left to the sweeper.
    """
    # The broker first: its loss shows only while the cache has not written the same key.
    for verify in (broker_verify, _cache_verify):
        try:
            verify()
        except AWAY as error:
            logger.warning("The identity in Redis is not verified: %s", type(error).__name__)


def broker_verify() -> None:
    """The same for the broker. Where the identity was missing, queued runs wait to be published
    again. Raises ``ForeignRedis`` and ``AWAY``."""
    pooled: Any = current_app.pool.acquire(block=True)
    with pooled as connection:
        if connection.transport.driver_type != "redis":
            return
        # Kombu's own client puts the prefix before some commands only.
        client = redis.Redis(connection_pool=connection.default_channel.pool)
        if not _claim("CELERY_BROKER_URL", client):
            return
    # Retries that Celery brings wait there too; the sweeper sends those that are due.
    TaskRun.objects.filter(status=Status.RETRYING, parked_on="").update(published_at=None)
    lost = TaskRun.objects.filter(status=Status.QUEUED)
    if count := lost.update(status=Status.PENDING, published_at=None, permit=None):
        logger.warning(
            "The broker lost its keys: Redis was flushed, evicted keys or was replaced;"
            " %d queued runs are published again",
            count,
            extra={"action": "broker_emptied"},
        )


def _cache_verify() -> None:
    limits = {"socket_timeout": TIMEOUT_SECONDS, "socket_connect_timeout": TIMEOUT_SECONDS}
    with redis.Redis.from_url(settings.REDIS_URL, protocol=2, **limits) as client:
        _claim("REDIS_URL", client)


def _claim(server: str, client: "redis.Redis") -> bool:
    """Whether there was no identity, and ours is written."""
    ours = str(Installation.objects.get_or_create(pk=ONLY)[0]).encode()
    found = client.get(identity_key())
    if found is None and client.set(identity_key(), ours, nx=True):
        return True
    # Another process may have been faster.
    if (found or client.get(identity_key())) != ours:
        raise ForeignRedis(server)
    return False
