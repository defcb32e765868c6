"""``{"preference": "12", "version": 3}``: a row at a version, as bodies of requests name it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from llmconfig.values.errors import InvalidPreference
from llmconfig.values.fields import NOT_AN_OBJECT, unknown_key
from llmconfig.values.kinds import Integer, Kind, Refused
from llmconfig.values.messages import Message, gettext_noop
from llmconfig.values.places import RowVersion

#: Of a row, as the API writes ids.
NUMBER_PATTERN = "^[0-9]{1,18}$"
VERSION = Integer(0, 2**31 - 1)
_NUMBER = re.compile(NUMBER_PATTERN, re.ASCII)


@dataclass(frozen=True)
class RowNumber(Kind):
    """As the API writes ids: a string."""

    @property
    def accepted(self) -> Message:
        return Message(gettext_noop('a number as a string such as "12"'))

    def parse(self, value: object) -> int:
        if not isinstance(value, str) or not _NUMBER.fullmatch(value):
            raise Refused(self.accepted)
        return int(value)


MEMBERS: Mapping[str, Kind] = {"preference": RowNumber(), "version": VERSION}


def version_parse(body: object) -> RowVersion:
    """Raises ``InvalidPreference`` with every member that is wrong."""
    invalid = Message(gettext_noop("The request is not valid."))
    if not isinstance(body, Mapping):
        raise InvalidPreference(NOT_AN_OBJECT)
    errors: dict[str, Any] = {
        str(key): [unknown_key(key, MEMBERS)] for key in body if key not in MEMBERS
    }
    values = {}
    for name, kind in MEMBERS.items():
        try:
            values[name] = kind.parse(body.get(name))
        except Refused as error:
            errors[name] = [error.message]
    if errors:
        raise InvalidPreference(invalid, errors=errors)
    return RowVersion(values["preference"], values["version"])
