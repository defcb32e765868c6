"""The variables that name database, Redis, broker and Ollama, with their passwords."""

from typing import Any

from config.env_values import key_prefix
from config.variables.broker import broker_of_redis, broker_parse
from config.variables.database import database_read
from config.variables.ollama import key_parse, ollama_parse
from config.variables.reading import Variables
from config.variables.redis import redis_parse


def servers_read(variables: Variables) -> dict[str, Any]:
    """Database, Redis, broker and Ollama; what is wrong is noted with the variables."""
    redis_password = variables.secret("REDIS_PASSWORD")
    broker_password = variables.secret("CELERY_BROKER_PASSWORD")
    password = variables.secret("OLLAMA_PASSWORD")
    key = variables.parsed("OLLAMA_API_KEY", "", key_parse) or ""
    redis = variables.parsed(
        "REDIS_URL", "redis://127.0.0.1:6379/0", lambda text: redis_parse(text, redis_password)
    )
    broker = variables.parsed(
        "CELERY_BROKER_URL", "", lambda text: broker_parse(text, broker_password)
    )
    return {
        "database": database_read(variables),
        "redis": redis,
        "redis_key_prefix": variables.parsed("REDIS_KEY_PREFIX", "", key_prefix) or "",
        "broker": broker or (redis and broker_of_redis(redis)),
        "ollama": variables.parsed(
            "OLLAMA_HOST", "127.0.0.1", lambda text: ollama_parse(text, password, key)
        ),
    }
