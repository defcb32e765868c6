"""The base of our Celery tasks: no work leaves a Django process without its decision.

``.delay()``, ``.apply_async()``, ``.s()`` and beat resolve here when the caller gave no header, so
that a canvas carries what was decided where it was built. ``send_task`` by name passes a task's
class by; the publish signal catches it.
"""

import logging
from collections.abc import Mapping
from typing import Any

from celery.canvas import Signature
from celery.contrib.django.task import DjangoTask
from celery.result import AsyncResult
from celery.signals import before_task_publish
from django.db import DatabaseError

from llmconfig.resolution.selectors import config_resolve
from llmconfig.values.errors import LLMConfigError
from workers import task_types
from workers.messaging import header
from workers.task_types.names import NAMESPACE, PREFIX

logger = logging.getLogger(__name__)


class Task(DjangoTask[Any, Any]):
    """Puts ``llm_config`` on messages that carry their task type, payload and user."""

    def apply_async(
        self, args: Any = None, kwargs: Any = None, *rest: Any, **options: Any
    ) -> "AsyncResult[Any]":
        options["headers"] = with_header(self.name, kwargs, options.get("headers"))
        return super().apply_async(args, kwargs, *rest, **options)

    def apply(self, args: Any = None, kwargs: Any = None, **options: Any) -> Any:  # type: ignore[override]
        options["headers"] = with_header(self.name, kwargs, options.get("headers"))
        return super().apply(args, kwargs, **options)

    def signature(self, args: Any = None, *rest: Any, **options: Any) -> "Signature[Any]":
        made = super().signature(args, *rest, **options)
        made.options["headers"] = with_header(self.name, made.kwargs, made.options.get("headers"))
        return made

    subtask = signature


def with_header(
    celery_name: str, kwargs: Mapping[str, Any] | None, headers: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The headers, with ``llm_config`` added where it is missing and can be decided.

    What cannot be resolved here (an unknown user, a database that is down) is left to the worker,
    which decides then and marks it.
    """
    named = dict(headers or {})
    task_type = (kwargs or {}).get("task_type")
    if header.KEY in named or task_type is None:
        return named
    kind = task_types.get(PREFIX + celery_name.removeprefix(NAMESPACE).upper())
    if kind is None or kind.name != task_type:
        return named
    user_id = (kwargs or {}).get("user_id")
    try:
        config = config_resolve(user_id=user_id, task_type=kind.name)
        named[header.KEY] = header.header_build(config, task_type=kind.name, user_id=user_id)
    except (LLMConfigError, DatabaseError, TypeError, ValueError) as error:
        logger.warning("%s is sent without a decision: %s", celery_name, error)
    return named


@before_task_publish.connect
def _add_header(
    sender: str = "", body: Any = None, headers: dict[str, Any] | None = None, **_: Any
) -> None:
    if headers is not None and body:
        headers.update(with_header(sender, body[1], headers))
