"""Idempotency keys: one response for one key, however often a client sends the request.

After draft-ietf-httpapi-idempotency-key-header: a repeated key with the same request gets the
first answer, with another request it is refused. A key is the client's own and counts for 24 hours.
"""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from llmconfig.database.conflicts import conflicts_retried
from workers.runs.errors import IdempotencyKeyReused, InvalidIdempotencyKey
from workers.runs.models import TaskRun
from workers.runs.quota import user_lock
from workers.submission.models import KeptAnswer

KEPT = timedelta(hours=24)
MAX_LENGTH = 255
#: ASCII, as strings in headers are (RFC 8941).
PRINTABLE = r"^[!-~]([ -~]*[!-~])?$"
_PRINTABLE = re.compile(PRINTABLE)


@conflicts_retried
@transaction.atomic
def run_once(
    *, key: str, user_id: int | None, request: Any, make: Callable[[str, str], TaskRun]
) -> TaskRun:
    """The run that the key stands for, made by ``make(stored key, request hash)`` if there is none.

    ``request`` is the request's JSON. Raises ``InvalidIdempotencyKey``, ``IdempotencyKeyReused``,
    and what ``make`` raises; then the key is free again.
    """
    stored, asked = _stored_key(user_id, key), _asked(request)
    user_lock(user_id)
    found = TaskRun.objects.filter(idempotency_key=stored).first()
    if found and found.created_at <= timezone.now() - KEPT:
        TaskRun.objects.filter(pk=found.pk).update(idempotency_key=None)
        found = None
    if found is None:
        return make(stored, asked)
    if found.request_hash != asked:
        raise IdempotencyKeyReused
    return found


@conflicts_retried
@transaction.atomic
def answer_once(
    *, key: str, user_id: int | None, request: Any, make: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """The answer that was given to this request with this key, or else the one that ``make`` gives.

    Keys of batches are apart from keys of single tasks. Raises as ``run_once``.
    """
    stored, asked = _stored_key(user_id, key), _asked(request)
    user_lock(user_id)
    found = KeptAnswer.objects.filter(key=stored).first()
    if found and found.created_at <= timezone.now() - KEPT:
        found.delete()
        found = None
    if found is None:
        body = make()
        KeptAnswer.objects.create(key=stored, request_hash=asked, body=body)
        return body
    if found.request_hash != asked:
        raise IdempotencyKeyReused
    return dict(found.body)


def answers_prune() -> int:
    """Delete the answers that no key stands for any more; their number."""
    return KeptAnswer.objects.filter(created_at__lte=timezone.now() - KEPT).delete()[0]


def _stored_key(user_id: int | None, key: str) -> str:
    if not 0 < len(key) <= MAX_LENGTH or not _PRINTABLE.fullmatch(key):
        raise InvalidIdempotencyKey
    return f"api:{user_id}:{_sha256(key)}"


def _asked(request: Any) -> str:
    return _sha256(json.dumps(request, sort_keys=True))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
