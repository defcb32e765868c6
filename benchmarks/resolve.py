"""How long a decision takes from a warm cache, beside a bare Redis GET and two peers.

    .venv/bin/python -m benchmarks.resolve

Promised: the median is at most 1.5 times that of a GET, and lower than those of the peers, in the
same run on the same Redis and database. Exits with 1 where it is not. All have what they read in
Redis and ask it every time; no peer has a cache of its own in the process.
"""

import sys
from collections.abc import Mapping
from itertools import cycle

from benchmarks.latency import Call, Latency, latencies, table
from benchmarks.services import services

TASK_TYPE = "TASK_TYPE_TEXT_GENERATION"
GET = "redis-py GET"
WARM = "config_resolve, warm"
WARM_USERS = 500
USERS = 800
MOST_OF_A_GET = 1.5


def main() -> int:
    with services("benchmarks.peer_settings"):
        users = _people()
        calls = {GET: _get(), **_warm(users[:WARM_USERS]), **_peers(users[0])}
        measured = latencies(calls, rounds=40, each=100)
        measured |= latencies(_cold(users[WARM_USERS:]), rounds=40, each=5)
    sys.stdout.write(table(measured, GET) + "\n")
    return 0 if _holds(measured) else 1


def _holds(measured: Mapping[str, Latency]) -> bool:
    warm, get = measured[WARM].p50, measured[GET].p50
    peers = [one.p50 for name, one in measured.items() if name.startswith("django-")]
    return warm <= MOST_OF_A_GET * get and warm < min(peers)


def _people() -> list[int]:
    """Users with a row each, in a tier with a row, under rows for everyone and for the type."""
    from django.contrib.auth import get_user_model
    from django.contrib.auth.models import Group

    from llmconfig.models import Preference, Tier

    model = get_user_model()
    users = model.objects.bulk_create(model(username=f"benchmark {n}") for n in range(USERS))
    premium = Group.objects.create(name="premium")
    Tier.objects.create(group=premium, rank=20)
    premium.user_set.set(users)
    scopes = [{}, {"task_type": TASK_TYPE}, {"group": premium}, *({"user": user} for user in users)]
    Preference.objects.bulk_create(
        Preference(version=1, max_retries=number % 10, parameters={"seed": number}, **scope)
        for number, scope in enumerate(scopes)
    )
    return [user.pk for user in users]


def _get() -> Call:
    import redis
    from django.conf import settings

    client = redis.Redis.from_url(settings.REDIS_URL)
    client.set("benchmark", "x" * 32)
    return lambda: client.get("benchmark")


def _warm(users: list[int]) -> dict[str, Call]:
    from llmconfig.layers.rows import rows_load
    from llmconfig.layers.static import static_config
    from llmconfig.resolution.selectors import config_resolve, rows_resolve

    turns = cycle(users)

    def first_in_process() -> object:
        static = static_config()
        rows = rows_load(users[0], static)
        return rows_resolve(TASK_TYPE, static=static, rows=rows, request={})

    for user in users:
        config_resolve(user_id=user, task_type=TASK_TYPE)
    return {
        WARM: lambda: config_resolve(user_id=users[0], task_type=TASK_TYPE),
        f"{WARM}, {len(users)} users in turn": lambda: config_resolve(
            user_id=next(turns), task_type=TASK_TYPE
        ),
        "config_resolve, first in its process": first_in_process,
    }


def _cold(users: list[int]) -> dict[str, Call]:
    """Each call is the first one for its user."""
    from llmconfig.resolution.selectors import config_resolve

    turns = iter(users)
    return {
        "config_resolve, rows by SQL": lambda: config_resolve(
            user_id=next(turns), task_type=TASK_TYPE
        )
    }


def _peers(user_id: int) -> dict[str, Call]:
    from constance import config
    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.test import RequestFactory
    from waffle import flag_is_active
    from waffle.models import Flag

    user = get_user_model().objects.get(pk=user_id)
    request = RequestFactory().get("/")
    request.user = user
    flag = Flag.objects.create(name="benchmark")
    flag.users.add(user)
    for name, (value, _help) in settings.CONSTANCE_CONFIG.items():
        setattr(config, name, value)
    names = list(settings.CONSTANCE_CONFIG)
    return {
        "django-waffle, one flag of a user": lambda: flag_is_active(request, "benchmark"),
        "django-constance, one value": lambda: config.MODEL,
        "django-constance, seven values": lambda: [getattr(config, name) for name in names],
    }


if __name__ == "__main__":
    sys.exit(main())
