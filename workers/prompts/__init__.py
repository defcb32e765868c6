"""From a task type and a payload to the text that is sent to the model.

Prompts are Django templates without escaping, in the ``prompts`` folder of any app. The payload is
data to them: template syntax inside it stays text.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.template import Context, Engine, TemplateDoesNotExist
from django.template.utils import get_app_template_dirs

from workers.task_types import TaskType


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


def prompt_again(prompt: Prompt, reason: str) -> Prompt:
    """The prompt for a model whose last answer was not valid for this reason; "": the same."""
    if not reason:
        return prompt
    user = text_render("again.txt", {"prompt": prompt.user, "reason": reason})
    return Prompt(system=prompt.system, user=user)


def text_render(name: str, values: Mapping[str, Any]) -> str:
    """Fill one template. Raises TemplateDoesNotExist."""
    rendered: str = _engine().get_template(name).render(Context(dict(values), autoescape=False))
    return rendered.removesuffix("\n")


@cache
def _engine() -> Engine:
    return Engine(dirs=[str(path) for path in get_app_template_dirs("prompts")], autoescape=False)
