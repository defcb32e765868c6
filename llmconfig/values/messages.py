"""Text for people, kept apart from the language it is read in.

Pure modules state what they mean as a ``Message``; the border (API, admin, checks) translates it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


def gettext_noop(text: str) -> str:
    """Mark a text for ``makemessages`` without Django's help."""
    return text


@dataclass(frozen=True)
class Message:
    """A text with ``%(name)s`` places and what fills them; a place may hold another message."""

    text: str
    params: Mapping[str, object] = field(default_factory=dict)

    def translate(self, gettext: Callable[[str], str]) -> str:
        text = gettext(self.text)
        if not self.params:
            return text
        return text % {
            name: value.translate(gettext) if isinstance(value, Message) else value
            for name, value in self.params.items()
        }

    def __str__(self) -> str:
        return self.translate(str)
