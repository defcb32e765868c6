"""JSON form of one user's stored rows in Redis.

What is read there may be written by another release, or by anyone: it is taken only where every
part is of its type. Values inside the fields are checked later, as those of rows are.
"""

import hashlib
import json
from typing import Any

from llmconfig.cache.protocol import Versions
from llmconfig.layers.stored import Stored, StoredGroup, StoredRow
from llmconfig.values.fields import FIELDS

#: Count it up when the shape below changes.
SHAPE = 1
#: Releases of another shape, or with other fields, have other keys and do not read each other's.
_RELEASE = hashlib.sha256(f"{SHAPE} {' '.join(FIELDS)}".encode()).hexdigest()[:8]

_OPTIONAL_INTEGER = (int, type(None))
_OPTIONAL_TEXT = (str, type(None))
_ROW = (int, int, _OPTIONAL_INTEGER, bool, _OPTIONAL_TEXT, dict)
_GROUP = (int, str, _OPTIONAL_INTEGER, (list, type(None)))


def entry_name(user_id: int | None) -> str:
    """The entry of one user, or of what is for everyone."""
    return f"entry:{_RELEASE}:{'' if user_id is None else user_id}"


def entry_encode(stored: Stored, versions: Versions) -> str:
    return json.dumps(
        {
            "versions": _texts(versions),
            "groups": stored.groups,
            "rows": [
                (row.id, row.version, row.group_id, row.is_users, row.task_type, row.fields)
                for row in stored.rows
            ],
        },
        separators=(",", ":"),
    )


def entry_decode(text: bytes, versions: Versions) -> Stored | None:
    """None where the entry is of other versions, or is no such entry."""
    try:
        entry = json.loads(text)
        if entry["versions"] != _texts(versions):
            return None
        return Stored(
            groups=tuple(StoredGroup(*_typed(group, _GROUP)) for group in entry["groups"]),
            rows=tuple(StoredRow(*_typed(row, _ROW)) for row in entry["rows"]),
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _texts(versions: Versions) -> list[str]:
    # Tokens of ours are ASCII; whatever else stands there must not be an error.
    return [version.decode("latin-1") for version in versions]


def _typed(values: Any, types: tuple[Any, ...]) -> list[Any]:
    """Raises TypeError unless it is a list of values of just these types."""
    if not isinstance(values, list) or len(values) != len(types):
        raise TypeError
    for value, expected in zip(values, types, strict=True):
        if not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool):
            raise TypeError
        if isinstance(value, list) and not all(isinstance(each, str) for each in value):
            raise TypeError
    return values
