"""Asks the parts, all at once, and no longer than ``ANSWER_SECONDS`` together.

An answer holds for all who ask within ``KEPT_SECONDS``: whoever may ask causes no more load than
one.
"""

import time
from collections.abc import Callable
from typing import TypeVar

import redis
from django.conf import settings
from django.utils.translation import gettext as _

from config.shared_answer import SharedAnswer
from config.status.facts import DATABASE, Facts
from config.status.stored import stored_take
from llmconfig.layers.static import static_config
from llmconfig.values.errors import ConfigurationError
from workers.process import dependency_checks
from workers.runs.outcomes import one_line

ANSWER_SECONDS = 2
KEPT_SECONDS = 5

T = TypeVar("T")


def redis_problem() -> str:
    """Why the Redis of cache, limits and events does not answer."""
    limits = {"socket_timeout": ANSWER_SECONDS, "socket_connect_timeout": ANSWER_SECONDS}
    try:
        with redis.Redis.from_url(settings.REDIS_URL, **limits) as client:
            client.ping()
    except (redis.RedisError, OSError, ValueError) as error:
        # Other errors may repeat parts of the URL, and with them a password.
        told = one_line(str(error)) if isinstance(error, redis.RedisError) else ""
        return told or type(error).__name__
    return ""


def configuration_problem() -> dict[str, str]:
    """Why the configuration is not the one on disk; nothing where it is."""
    try:
        last_good = static_config().last_good
    except ConfigurationError as error:
        return {"configuration": str(error)}
    return {"configuration": "\n".join(map(str, last_good.sentences))} if last_good else {}


def _shared(ask: Callable[[], T]) -> SharedAnswer[T]:
    return SharedAnswer(ask, kept_seconds=KEPT_SECONDS, wait_seconds=ANSWER_SECONDS)


PROBLEMS = {
    # Looked up when they are asked.
    DATABASE: _shared(lambda: dependency_checks.database_problem()),
    "redis": _shared(lambda: redis_problem()),
    "broker": _shared(lambda: dependency_checks.broker_problem()),
    "model_server": _shared(lambda: dependency_checks.model_server_problem()),
}
STORED = _shared(stored_take)


def facts_gather() -> Facts:
    """What is known by now. What does not answer is a fact too, never an error."""
    until = time.monotonic() + ANSWER_SECONDS
    for answer in PROBLEMS.values():
        answer.begin()
    STORED.begin()
    late = _("no answer within %(seconds)d seconds") % {"seconds": ANSWER_SECONDS}
    told = {name: answer.get(until=until) for name, answer in PROBLEMS.items()}
    problems = {name: late if problem is None else problem for name, problem in told.items()}
    return Facts(
        problems={**problems, **configuration_problem()},
        stored=STORED.get(until=until),
    )


def forget() -> None:
    """Have the next caller look anew."""
    for answer in PROBLEMS.values():
        answer.forget()
    STORED.forget()
