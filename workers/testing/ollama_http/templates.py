"""``template`` of a request: the part of Go's template language that prompts need.

Understood are ``{{ .Prompt }}``, ``.System`` and ``.Response`` with trim marks, and
``{{ if .X }} … {{ else }} … {{ end }}``.
"""

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus

from workers.testing.ollama_http.errors import RequestError

_ACTION = re.compile(r"\{\{(-\s)?\s*(.*?)\s*(\s-)?\}\}", re.DOTALL)
_VARIABLE = re.compile(r"(if )?\s*\.(Prompt|System|Response)")


def check(template: str) -> None:
    """Raises RequestError 500 for what cannot be parsed."""
    render(template, {})


def render(template: str, values: Mapping[str, str]) -> str:
    """The text of the template with these values. Raises RequestError 500."""
    #: Whether each enclosing block is rendered.
    shown = [True]
    rendered = []
    for text, action in _parts(template):
        rendered.append(text if all(shown) else "")
        if action is None:
            continue
        match = _VARIABLE.fullmatch(action)
        if match and match[1]:
            shown.append(bool(values.get(match[2])))
        elif match:
            rendered.append(values.get(match[2], "") if all(shown) else "")
        elif action == "else" and len(shown) > 1:
            shown.append(not shown.pop())
        elif action == "end" and len(shown) > 1:
            shown.pop()
        else:
            raise _broken(f'"{action}" is not supported')
    if len(shown) > 1:
        raise _broken("unexpected EOF")
    return "".join(rendered)


def _parts(template: str) -> Iterator[tuple[str, str | None]]:
    """Each text with the action behind it; the last has none."""
    place, trims = 0, False
    for match in _ACTION.finditer(template):
        text = template[place : match.start()]
        text = text.lstrip() if trims else text
        yield text.rstrip() if match[1] else text, match[2]
        place, trims = match.end(), bool(match[3])
    rest = template[place:]
    if "{{" in rest:
        raise _broken("unclosed action")
    yield rest.lstrip() if trims else rest, None


def _broken(reason: str) -> RequestError:
    return RequestError(f"template: :1: {reason}", HTTPStatus.INTERNAL_SERVER_ERROR)
