"""What the text of one environment variable may be. Each raises ValueError, which tells what is
accepted, and never the text: it may hold a password."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from email.utils import formataddr, parseaddr
from pathlib import Path
from typing import Any, NoReturn
from zoneinfo import available_timezones

from llmconfig.values.durations import DAY, duration_parse
from llmconfig.values.kinds import Refused, Seconds

#: Characters of a JSON object, and one.
MAX_JSON = 4096
JSON_EXAMPLE = '{"rack": "b4"}'
#: Of a number that fits a column of the database.
MAX_DIGITS = 9


def _is_number(value: str) -> bool:
    return value.isascii() and value.isdecimal() and len(value) <= MAX_DIGITS


def is_quoted(value: str) -> bool:
    """Whether it begins and ends with the same quote."""
    return len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"


def plain(value: str) -> str:
    """One line without quotes around it."""
    if is_quoted(value) or not value.isprintable():
        raise ValueError("accepted: one line of text, without quotes around it")
    return value


def key_prefix(value: str) -> str:
    """What the names of keys begin with."""
    if not re.fullmatch(r"[\w.:-]{1,64}", value, re.ASCII):
        raise ValueError("accepted: up to 64 letters, digits and _.:- as staging:")
    return value


def listening(value: str) -> str:
    """An address that a server listens on."""
    if not re.fullmatch(r"[\w.:-]+", value, re.ASCII):
        raise ValueError("accepted: an address of this machine, as 127.0.0.1, 0.0.0.0 or localhost")
    return value


def time_zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError("accepted: a name of the IANA database, for example Europe/Berlin")
    return value


def port(value: str) -> int:
    if not (_is_number(value) and int(value) <= 65_535):
        raise ValueError("accepted: a port from 1 to 65535, 0 for any free one, or empty for none")
    return int(value)


def seconds(least: int, most: int) -> Callable[[str], int]:
    """Whole seconds of a duration as in files: ``90``, ``90s``, ``1h30m``, ``30d``."""
    kind = Seconds(least, most)

    def parse(value: str) -> int:
        try:
            return kind.parse_written(value)
        except Refused as error:
            raise ValueError(str(error.message)) from None

    return parse


def duration(least: int, most: int) -> Callable[[str], timedelta]:
    """The same as a timedelta; the bounds are seconds."""
    parse = seconds(least, most)
    return lambda value: timedelta(seconds=parse(value))


def days(least: int, most: int) -> Callable[[str], int]:
    """Whole days, as a number or a duration."""
    number = whole(least, most)

    def parse(value: str) -> int:
        seconds = None if value.strip().isdecimal() else duration_parse(value)
        try:
            return number(str(seconds // DAY) if seconds and seconds % DAY == 0 else value)
        except ValueError as error:
            raise ValueError(f"{error}, or days such as {least}d") from None

    return parse


def whole(least: int, most: int) -> Callable[[str], int]:
    """A whole number within bounds."""

    def parse(value: str) -> int:
        if not (_is_number(value) and least <= int(value) <= most):
            raise ValueError(f"accepted: a whole number from {least} to {most}")
        return int(value)

    return parse


def flag(value: str) -> bool:
    """Also yes and no, on and off, 1 and 0."""
    if value.lower() in {"true", "yes", "on", "1"}:
        return True
    if value.lower() in {"false", "no", "off", "0"}:
        return False
    raise ValueError("accepted: true or false")


def one_of(*words: str) -> Callable[[str], str]:
    """One of a few words."""

    def parse(value: str) -> str:
        if value not in words:
            raise ValueError(f"accepted: one of the words {', '.join(words)}")
        return value

    return parse


def json_object(value: str) -> dict[str, Any]:
    """A small JSON object that PostgreSQL stores."""
    refused = ValueError(
        f"accepted: a JSON object of 2 to {MAX_JSON} characters, as {JSON_EXAMPLE}"
    )
    try:
        parsed = json.loads(value[: MAX_JSON + 1], parse_constant=_no_constant)
        written = json.dumps(parsed, ensure_ascii=False)
        # Half of a surrogate pair, which raises here, cannot be stored; nor can NUL.
        written.encode()
    except (ValueError, RecursionError):
        raise refused from None
    if not isinstance(parsed, dict) or "\\u0000" in written.replace("\\\\", ""):
        raise refused
    return parsed


def _no_constant(text: str) -> NoReturn:
    """NaN and Infinity are no JSON."""
    raise ValueError(text)


def most(value: str) -> int | None:
    if not _is_number(value):
        raise ValueError("accepted: a whole number, 0 or empty for no limit")
    return int(value) or None


def address(value: str) -> str:
    name, address = parseaddr(value)
    if "@" not in address or "\n" in value or "\r" in value:
        raise ValueError(
            "accepted: an address for mail, as me@app.example or Reports <me@app.example>"
        )
    return formataddr((name, address))


def file(value: str) -> Path:
    try:
        return Path(plain(value)).expanduser()
    except RuntimeError as error:
        raise ValueError("a path that begins with ~ needs a home directory that exists") from error
