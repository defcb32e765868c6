"""The task types: one small file each in ``builtin``, or a ``task_types`` module in any app.

A file registers one ``TaskType``; its queue, Celery task and worker lines follow from the name.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

from django.utils.module_loading import autodiscover_modules
from jsonschema import Draft202012Validator, SchemaError
from rest_framework.serializers import Serializer

import llmconfig.values.task_types
from workers.task_types import builtin
from workers.task_types.names import PREFIX, celery_name

if TYPE_CHECKING:
    from llmconfig.values.types import ResolvedConfig
    from workers.runs.errors import WorkerError
    from workers.runs.models import TaskRun
    from workers.task_types.drafts import Draft
    from workers.task_types.preparation import Division
    from workers.task_types.prompts import Prompt

Result = dict[str, Any]


def _content(result: Result) -> Result:
    return result


@dataclass(frozen=True, kw_only=True)
class TaskType:
    """One kind of work: what it takes, how it is asked for and what comes back."""

    #: ``TASK_TYPE_…``, the name on the wire.
    name: str
    #: Folder in an app's ``prompts/`` with ``user.txt`` and, if wanted, ``system.txt``.
    prompt: str
    #: Checks and normalises the payload.
    payload: type[Serializer[Any]]
    #: JSON Schema of the answer, given to Ollama as ``format``; None asks for Markdown.
    output_schema: Mapping[str, Any] | None = None
    #: From the object that a model wrote to what the schema describes
    #: (`workers.task_types.coercions`), before it is validated. Raises ValueError with the
    #: correction for the model.
    coerce: Callable[[Result], Result] = _content
    #: From the validated answer to the stored result.
    finish: Callable[[Result], Result] = _content
    #: JSON Schema of the stored result, where ``finish`` makes it another than the answer.
    result_schema: Mapping[str, Any] | None = None
    #: What a run comes to, where that is not the templates filled with its payload. Raises
    #: ``Refused``.
    prepare: "Callable[[TaskRun, ResolvedConfig], Prompt | Draft | Division] | None" = None
    #: Called with a run that has succeeded and its result, in the transaction that says so.
    finished: "Callable[[TaskRun, Result], None] | None" = None
    #: Does a run again, where that is more than the same payload in a new run; None: it is not. The
    #: second argument is `enqueue`'s ``admit``.
    again: "Callable[[TaskRun, Callable[[], object] | None], TaskRun | None] | None" = None
    #: What ``again`` may raise beside what ``enqueue`` raises.
    again_errors: "tuple[type[WorkerError], ...]" = ()
    #: Fields that this type states below all configuration (layer ``task_type``).
    defaults: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not re.fullmatch(PREFIX + "[A-Z0-9_]+", self.name):
            raise ValueError(f"{self.name}: a task type's name is {PREFIX} and A to Z, 0 to 9 or _")
        if self.output_schema is not None:
            _schema_check(self.name, self.output_schema)

    @property
    def celery_name(self) -> str:
        """The Celery task's name, part of the wire format: ``llm.insight_generation``."""
        return celery_name(self.name)


def _schema_check(name: str, schema: Mapping[str, Any]) -> None:
    """Ollama refuses what is no schema, and every run of the type would fail by it."""
    try:
        Draft202012Validator.check_schema(dict(schema))
    except SchemaError as error:
        raise ValueError(
            f"{name}: output_schema is a JSON Schema (2020-12); {error.json_path}: {error.message}"
        ) from error


_registry: dict[str, TaskType] = {}


def register(task_type: TaskType) -> TaskType:
    """Make a task type known everywhere. Raises ValueError for a name taken by another one."""
    if _registry.setdefault(task_type.name, task_type) is not task_type:
        raise ValueError(f"{task_type.name} is registered twice")
    llmconfig.values.task_types.register(task_type.name, defaults=task_type.defaults)
    return task_type


def get(name: str) -> TaskType | None:
    """The registered type of that name, or None."""
    return _registry.get(name)


def registered() -> tuple[TaskType, ...]:
    """All task types, in the order of their names."""
    return tuple(_registry[name] for name in sorted(_registry))


def discover() -> None:
    """Import every file of ``builtin``, then every app's ``task_types`` module."""
    for module in iter_modules(builtin.__path__):
        import_module(f"{builtin.__name__}.{module.name}")
    autodiscover_modules("task_types")
