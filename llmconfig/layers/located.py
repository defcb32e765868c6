"""Values with the place where they were written, and the report of mistakes in them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from llmconfig.values.errors import Problem
from llmconfig.values.messages import Message, gettext_noop
from llmconfig.values.texts import printable, shown

MAX_PROBLEMS = 100
#: Of a path of keys, which may be anything that somebody wrote.
KEY_LENGTH = 200


@dataclass(frozen=True)
class Located:
    """A scalar, a list of ``Located``, or a mapping of names to ``Located``."""

    value: Any
    #: File and line, or the variable's name.
    place: str

    def plain(self) -> Any:
        """The value without places."""
        if isinstance(self.value, dict):
            return {key: item.plain() for key, item in self.value.items()}
        if isinstance(self.value, list):
            return [item.plain() for item in self.value]
        return self.value


@dataclass
class Report:
    """Collects problems, so that all are told at once; the first hundred of them in words."""

    problems: list[Problem] = field(default_factory=list)
    left_out: int = 0

    def add(self, place: str, key: str, message: Message) -> None:
        if len(self.problems) >= MAX_PROBLEMS:
            self.left_out += 1
            return
        shown_key = printable(key, KEY_LENGTH)
        self.problems.append(Problem(place=place, key=shown_key, message=message))

    def told(self) -> list[Problem]:
        """All problems, the last of them a count of those that there was no room for."""
        if not self.left_out:
            return self.problems
        more = Message(gettext_noop("and %(count)s more"), {"count": self.left_out})
        return [*self.problems, Problem(place="", key="", message=more)]

    def mapping(self, node: Located, key: str) -> Mapping[str, Located]:
        """The node's members; nothing, and a problem, where it has none."""
        if isinstance(node.value, dict):
            return node.value
        if node.value is not None:
            self.add(node.place, key, found(Message(gettext_noop("a mapping")), node.plain()))
        return {}


def found(accepted: Message, value: object) -> Message:
    """What is accepted, beside what was found."""
    text = gettext_noop("accepted: %(accepted)s; found: %(found)s")
    return Message(text, {"accepted": accepted, "found": shown(value)})
