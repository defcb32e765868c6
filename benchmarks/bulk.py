"""Decisions for 10,000 users at once, beside one by one from a cold cache.

    .venv/bin/python -m benchmarks.bulk

A third of the users is in a tier; half of them have a row of their own. Promised: at most six
queries, and at least 20 times faster. Exits with 1 where it is not.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks.services import services

TASK_TYPE = "TASK_TYPE_TEXT_GENERATION"
USERS = 10_000
MOST_QUERIES = 6
LEAST_RATIO = 20


def main() -> int:
    with services():
        users = people()
        many = min((_measured(lambda: _at_once(users)) for _ in range(3)), key=lambda run: run[1])
        alone = _measured(lambda: _one_by_one(users))
    ratio = alone[1] / many[1]
    rows = {"configs_resolve_for, best of 3": many, "config_resolve for each, cold": alone}
    lines = [f"{USERS:,} users{'':22}{'seconds':>9}{'queries':>9}{'ratio':>8}"]
    lines += [
        f"{name:34}{seconds:9.2f}{queries:9}{alone[1] / seconds:7.1f}x"
        for name, (_answer, seconds, queries) in rows.items()
    ]
    same = many[0] == alone[0]
    lines.append(f"the decisions are {'the same' if same else 'NOT the same'}")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if same and many[2] <= MOST_QUERIES and ratio >= LEAST_RATIO else 1


def _measured(work: Callable[[], Any]) -> tuple[Any, float, int]:
    """What it answers, the seconds that it takes, and its queries."""
    from django.db import connection

    count = 0

    def counted(execute: Any, *arguments: Any) -> Any:
        nonlocal count
        count += 1
        return execute(*arguments)

    with connection.execute_wrapper(counted):
        started = time.perf_counter()
        answer = work()
        return answer, time.perf_counter() - started, count


def _at_once(users: list[int]) -> Any:
    from llmconfig.resolution.bulk import configs_resolve_for

    return dict(configs_resolve_for(users, TASK_TYPE))


def _one_by_one(users: list[int]) -> Any:
    from llmconfig.resolution.selectors import config_resolve

    return {user: config_resolve(user_id=user, task_type=TASK_TYPE) for user in users}


def people() -> list[int]:
    from django.contrib.auth import get_user_model
    from django.contrib.auth.models import Group

    from llmconfig.models import Preference, Tier

    model = get_user_model()
    users = model.objects.bulk_create(model(username=f"benchmark {n}") for n in range(USERS))
    premium = Group.objects.create(name="premium")
    Tier.objects.create(group=premium, rank=20)
    premium.user_set.set(users[::3])
    Preference.objects.create(group=premium, max_retries=7)
    Preference.objects.create(task_type=TASK_TYPE, parameters={"temperature": 0.5})
    Preference.objects.bulk_create(
        Preference(user=user, version=1, parameters={"seed": user.pk}) for user in users[::2]
    )
    return [user.pk for user in users]


if __name__ == "__main__":
    sys.exit(main())
