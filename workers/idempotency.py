"""One run for one ``Idempotency-Key``, however often a client sends the same request.

After draft-ietf-httpapi-idempotency-key-header: a repeated key with the same request gets the
first answer, with another request it is refused. A key is the client's own and counts for 24 hours.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models.functions import Now

from workers.errors import IdempotencyKeyReused, InvalidIdempotencyKey
from workers.models import TaskRun

KEPT = timedelta(hours=24)
MAX_LENGTH = 255


@transaction.atomic
def run_once(
    *, key: str, user_id: int | None, request: Any, make: Callable[[str, str], TaskRun]
) -> TaskRun:
    """The run that the key stands for, made by ``make(stored key, request hash)`` if there is none.

    ``request`` is the request's JSON. Raises ``InvalidIdempotencyKey``, ``IdempotencyKeyReused``,
    and what ``make`` raises; then the key is free again.
    """
    if not 0 < len(key) <= MAX_LENGTH or not key.isprintable():
        raise InvalidIdempotencyKey
    stored, asked = f"api:{user_id}:{_sha256(key)}", _sha256(json.dumps(request, sort_keys=True))
    _wait_for_others(stored)
    TaskRun.objects.filter(idempotency_key=stored, created_at__lte=Now() - KEPT).update(
        idempotency_key=None
    )
    found = TaskRun.objects.filter(idempotency_key=stored).first()
    if found is None:
        return make(stored, asked)
    if found.request_hash != asked:
        raise IdempotencyKeyReused
    return found


def _wait_for_others(stored: str) -> None:
    """Requests with one key come one after the other, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [stored])


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
