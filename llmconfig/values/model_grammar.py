"""Grammar of model names, as Ollama parses them: ``[[[scheme://]host/]namespace/]name[:tag]``.

Letters and digits are ASCII; ``_``, ``-`` and ``.`` may follow the first character of a part, ``.``
not in a namespace. A ``:`` belongs to a host's port or stands before the tag.
"""

import re
from collections.abc import Iterator

from llmconfig.values.messages import Message, gettext_noop

#: Of what is stored.
MAX_LENGTH = 200
#: Of namespace, name and tag each.
PART_LENGTH = 80

_FIRST = "[A-Za-z0-9_]"
_PART = f"{_FIRST}[A-Za-z0-9_.-]{{0,{PART_LENGTH - 1}}}"
_NAMESPACE = f"{_FIRST}[A-Za-z0-9_-]{{0,{PART_LENGTH - 1}}}"
_HOST = f"{_FIRST}[A-Za-z0-9_.:-]*"
_SCHEME = r"[A-Za-z]+://"
#: The whole grammar as a regular expression that Python and ECMA-262 read alike; not anchored.
PATTERN = f"(?:(?:(?:{_SCHEME})?{_HOST}/)?{_NAMESPACE}/)?{_PART}(?::{_PART})?"
NAME = re.compile(
    f"(?:(?:(?:{_SCHEME})?(?P<host>{_HOST})/)?(?P<namespace>{_NAMESPACE})/)?"
    f"(?P<name>{_PART})(?::(?P<tag>{_PART}))?"
)
_OTHER_CHARACTER = re.compile(r"[^A-Za-z0-9_.:/-]")


def is_name(text: str) -> bool:
    """Whether the text is a model's name that Ollama accepts."""
    return len(text) <= MAX_LENGTH and NAME.fullmatch(text) is not None


def broken_rule(text: str) -> Message | None:
    """The first rule of the grammar that the text breaks; None for a name, and for no text."""
    if not text or is_name(text):
        return None
    return next(_broken(text), Message(gettext_noop("in the form host/namespace/name:tag")))


def _broken(text: str) -> Iterator[Message]:
    if len(text) > MAX_LENGTH:
        yield Message(gettext_noop("of at most %(limit)s characters"), {"limit": MAX_LENGTH})
    if any(character.isspace() for character in text):
        yield Message(gettext_noop("without a blank"))
    if _OTHER_CHARACTER.search(text):
        yield Message(gettext_noop("of the letters A to Z, digits and . _ - : / alone"))
    *path, last = re.sub(f"^{_SCHEME}", "", text).split("/")
    yield from _broken_path([*path, last])
    yield from _broken_tag(last)
    if not all(re.match(_FIRST, part) for part in (*path, *last.split(":"))):
        yield Message(gettext_noop("with a letter, a digit or _ at the start of each part"))
    if any(len(part) > PART_LENGTH for part in (*path[-1:], *last.split(":"))):
        limit = {"limit": PART_LENGTH}
        yield Message(gettext_noop("with at most %(limit)s characters in each part"), limit)
    if path and re.search("[.:]", path[-1]):
        yield Message(gettext_noop("with a namespace between the host and the name"))


def _broken_path(parts: list[str]) -> Iterator[Message]:
    if len(parts) > 3:
        yield Message(gettext_noop("of at most a host, a namespace and a name between slashes"))
    if not all(parts):
        yield Message(gettext_noop("with text before and after each /"))


def _broken_tag(last: str) -> Iterator[Message]:
    if last.startswith(":"):
        yield Message(gettext_noop("with a name before the :"))
    if last.count(":") > 1:
        yield Message(gettext_noop("with one : between name and tag"))
    if last.endswith(":"):
        yield Message(gettext_noop("with a tag after the :"))
