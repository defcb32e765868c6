"""What an allow-list of models may say: names and globs, for the environment and for a tier."""

import re
from collections.abc import Iterator

from llmconfig.kinds import MODEL_MAX_LENGTH, Refused
from llmconfig.messages import Message, gettext_noop
from llmconfig.model_names import normalise_model
from llmconfig.texts import shown

MAX_PATTERNS = 100
#: Of one name or glob; a regular expression that PostgreSQL and Python read alike.
PATTERN = rf"^[A-Za-z0-9._:/@*?!\[\]-]{{1,{MODEL_MAX_LENGTH}}}$"
_PATTERN = re.compile(PATTERN, re.ASCII)


def pattern_fits(text: str) -> bool:
    """Whether it is one name or glob."""
    return bool(_PATTERN.fullmatch(text))


def allow_list_parse(value: object) -> list[str]:
    """A tier's list. Raises ``Refused`` for anything but 1 to 100 different names and globs.

    An empty list is refused: it would leave the members without any model. Whoever wants no
    narrowing states no list.
    """
    if not isinstance(value, list):
        raise Refused(Message(gettext_noop('a list of names and globs such as ["llama3.2:*"]')))
    if not value:
        text = gettext_noop("at least one name or glob, or nothing at all to narrow nothing")
        raise Refused(Message(text))
    if len(value) > MAX_PATTERNS:
        text = gettext_noop("at most %(maximum)s names and globs")
        raise Refused(Message(text, {"maximum": MAX_PATTERNS}))
    for wrong in _wrong(value):
        raise Refused(wrong)
    return value


def _wrong(patterns: list[object]) -> Iterator[Message]:
    seen = set()
    for pattern in patterns:
        if not isinstance(pattern, str) or not pattern_fits(pattern):
            text = gettext_noop("names and globs such as qwen3 or llama3.2:*; found: %(found)s")
            yield Message(text, {"found": shown(pattern)})
        elif normalise_model(pattern) in seen:
            text = gettext_noop("each name or glob once; twice there is %(found)s")
            yield Message(text, {"found": shown(pattern)})
        else:
            seen.add(normalise_model(pattern))
