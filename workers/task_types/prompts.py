"""From a task type and a payload to the text that is sent to the model.

Prompts are Django templates without escaping, in the ``prompts`` folder of any app. The payload is
data to them: template syntax inside it stays text.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from django.template import Context, Engine, TemplateDoesNotExist
from django.template.utils import get_app_template_dirs

from workers.task_types import TaskType
from workers.task_types.drafts import Draft
from workers.task_types.payloads import EntriesPayload


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """What the model is told: its role (may be empty) and the request."""

    system: str
    user: str


def prompt_render(task_type: TaskType, payload: Mapping[str, Any]) -> Prompt:
    """Fill the task type's templates. Raises TemplateDoesNotExist without a ``user.txt``."""
    context = payload.get("context")
    if isinstance(context, dict):
        context = json.dumps(context, ensure_ascii=False, indent=1)
    values = {"payload": payload, "context": context}
    try:
        system = text_render(f"{task_type.prompt}/system.txt", values)
    except TemplateDoesNotExist:
        system = ""
    return Prompt(system=system, user=text_render(f"{task_type.prompt}/user.txt", values))


def prompt_prepare(task_type: TaskType, payload: Mapping[str, Any]) -> "Prompt | Draft":
    """A prompt that may be shortened where the payload has entries, else one that is sent as it
    is. Raises TemplateDoesNotExist."""
    if not issubclass(task_type.payload, EntriesPayload):
        return prompt_render(task_type, payload)
    entries = payload["entries"]
    return Draft(
        texts=[f"- {entry.get('date', '')}: {entry['text']}\n" for entry in entries],
        dates=[entry.get("date", "") for entry in entries],
        render=lambda kept: prompt_render(
            task_type, {**payload, "entries": [entries[index] for index in kept]}
        ),
    )


def prompt_again(prompt: "Prompt | Draft", reason: str) -> "Prompt | Draft":
    """The prompt for a model whose last answer was not valid for this reason; "": the same."""
    if not reason:
        return prompt
    if isinstance(prompt, Draft):
        render = prompt.render
        return replace(prompt, render=lambda kept: _corrected(render(kept), reason))
    return _corrected(prompt, reason)


def _corrected(prompt: Prompt, reason: str) -> Prompt:
    user = text_render("again.txt", {"prompt": prompt.user, "reason": reason})
    return Prompt(system=prompt.system, user=user)


def text_render(name: str, values: Mapping[str, Any]) -> str:
    """Fill one template. Raises TemplateDoesNotExist."""
    rendered: str = _engine().get_template(name).render(Context(dict(values), autoescape=False))
    return rendered.removesuffix("\n")


@cache
def _engine() -> Engine:
    return Engine(dirs=[str(path) for path in get_app_template_dirs("prompts")], autoescape=False)
