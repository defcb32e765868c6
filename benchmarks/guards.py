"""``python -m benchmarks.guards``: what knowing the caller, limits and the audit trail cost.

Beside a bare Redis ``PING`` and a bare ``INSERT`` of one row, in the same moments. No HTTP server:
calls are made in this process, through all of Django's middleware.
"""

from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.latency import latencies, table
from benchmarks.services import services

ROUNDS, EACH = 40, 10
#: More than all rounds together: nothing is refused.
RATE = "100000/min"


def main() -> None:
    with services():
        print(table(latencies(_calls(), rounds=ROUNDS, each=EACH), "redis-py PING"))  # noqa: T201


def _calls() -> Mapping[str, Callable[[], object]]:
    import redis
    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.db import connection
    from rest_framework.test import APIClient

    from config.api.accounts.tokens import token_issue
    from config.api.throttles.rates import Rate
    from config.api.throttles.windows import Bucket, RedisWindow
    from llmconfig.audit.entries import AuditEntry

    user = get_user_model().objects.create_user("ada")
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {token_issue(user=user)[1]}")
    window, rate = RedisWindow("benchmark"), Rate(100_000, 60)
    buckets = [Bucket("user", rate), Bucket("address", rate)]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bare (id bigserial PRIMARY KEY, text varchar(200))")

    def insert() -> None:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO bare (text) VALUES (%s)", ["x"])

    def me() -> None:
        assert client.get("/v1/auth/me").status_code == 200  # noqa: S101

    def change() -> None:
        assert client.patch("/v1/users/llm-config", {}).status_code == 200  # noqa: S101

    return {
        "redis-py PING": redis.Redis.from_url(settings.REDIS_URL).ping,
        "a limit of user and address": lambda: window.admit(buckets),
        "bare INSERT": insert,
        "an audit entry": lambda: AuditEntry.objects.create(
            user=user, username="ada", method="POST", operation="task-list", status=202
        ),
        "GET /v1/auth/me, no limit": _guarded(me, limits=False, audit=False),
        "GET /v1/auth/me": _guarded(me, limits=True, audit=True),
        "PATCH /v1/users/llm-config, neither": _guarded(change, limits=False, audit=False),
        "PATCH /v1/users/llm-config, limits": _guarded(change, limits=True, audit=False),
        "PATCH /v1/users/llm-config, audit trail": _guarded(change, limits=False, audit=True),
        "PATCH /v1/users/llm-config": _guarded(change, limits=True, audit=True),
    }


def _guarded(call: Callable[[], object], *, limits: bool, audit: bool) -> Callable[[], object]:
    from django.conf import settings

    from llmconfig.audit import middleware

    record: Any = middleware.record
    nothing: Any = lambda request, response: None  # noqa: E731  (beside what it stands for)

    def guarded() -> object:
        settings.API_RATE_READ = settings.API_RATE_CONFIG_WRITE = RATE if limits else ""
        middleware.record = record if audit else nothing
        return call()

    return guarded


if __name__ == "__main__":
    main()
