"""What an allow-list of models may say: names and globs, for the environment and for a tier."""

import re
from collections.abc import Iterator

from llmconfig.values.kinds import Refused
from llmconfig.values.messages import Message, gettext_noop
from llmconfig.values.model_grammar import MAX_LENGTH, broken_rule, is_name
from llmconfig.values.model_names import is_glob, normalise_pattern
from llmconfig.values.texts import shown

MAX_PATTERNS = 100
#: Of one name or glob; a regular expression that PostgreSQL and Python read alike.
PATTERN = rf"^[A-Za-z0-9._:/@*?!\[\]-]{{1,{MAX_LENGTH}}}$"
_PATTERN = re.compile(PATTERN, re.ASCII)


def pattern_fits(text: str) -> bool:
    """Whether it is one name or glob. A glob has the characters of names in any order."""
    return _PATTERN.fullmatch(text) is not None and (is_glob(text) or is_name(text))


def pattern_rule(text: str) -> Message:
    """The rule that a text breaks which is neither a name nor a glob."""
    rule = None if is_glob(text) else broken_rule(text)
    return rule or Message(gettext_noop("of the characters of names and * ? [ ] ! alone"))


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
            yield _neither(pattern)
        elif normalise_pattern(pattern) in seen:
            text = gettext_noop("each name or glob once; twice there is %(found)s")
            yield Message(text, {"found": shown(pattern)})
        else:
            seen.add(normalise_pattern(pattern))


def _neither(pattern: object) -> Message:
    if not isinstance(pattern, str) or not pattern:
        text = gettext_noop("names and globs such as qwen3 or llama3.2:*; found: %(found)s")
        return Message(text, {"found": shown(pattern)})
    text = gettext_noop("names and globs such as qwen3 or llama3.2:* (%(rule)s); found: %(found)s")
    return Message(text, {"rule": pattern_rule(pattern), "found": shown(pattern)})
