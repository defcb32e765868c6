"""What the text of one environment variable may be. Each raises ValueError, which tells what is
accepted, and never the text: it may hold a password."""

from collections.abc import Callable
from datetime import timedelta
from email.utils import formataddr, parseaddr
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import psycopg
from psycopg.conninfo import conninfo_to_dict

from llmconfig.durations import DAY, duration_parse
from llmconfig.kinds import Refused, Seconds

OLLAMA_PORT = 11434


def normalise_host(value: str) -> str:
    """``OLLAMA_HOST`` as a base URL: scheme and port added, no trailing slash.

    Accepts what Ollama accepts: ``host``, ``host:port`` and URLs. Raises ValueError.
    """
    url = urlsplit(value if "://" in value else f"http://{value}")
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise ValueError("accepted: host, host:port, http://host:port or https://host")
    hostname = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    port = url.port or {"https": 443}.get(url.scheme if "://" in value else "", OLLAMA_PORT)
    return f"{url.scheme}://{hostname}:{port}{url.path.rstrip('/')}"


def database_parameters(value: str) -> dict[str, str]:
    """A PostgreSQL URL as libpq parameters. Raises ValueError."""
    if not value.startswith(("postgres://", "postgresql://")):
        raise ValueError("accepted: postgresql://user:password@host:port/database")
    try:
        return {key: str(part) for key, part in conninfo_to_dict(value).items()}
    except psycopg.ProgrammingError as error:
        raise ValueError(f"not a PostgreSQL URL: {str(error).strip()}") from error


def url_with(*schemes: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if urlsplit(value).scheme not in schemes:
            raise ValueError(f"accepted: a URL with {', '.join(s + '://' for s in schemes)}")
        return value

    return parse


def site(value: str) -> str:
    """An address of the web, without a slash at its end."""
    return url_with("http", "https")(value).rstrip("/")


def time_zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError("accepted: a name of the IANA database, for example Europe/Berlin")
    return value


def port(value: str) -> int:
    if not (value.isascii() and value.isdecimal() and int(value) <= 65_535):
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
        if not (value.isascii() and value.isdecimal() and least <= int(value) <= most):
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


def most(value: str) -> int | None:
    if not (value.isascii() and value.isdecimal()):
        raise ValueError("accepted: a whole number, 0 or empty for no limit")
    return int(value) or None


def address(value: str) -> str:
    name, address = parseaddr(value)
    if "@" not in address or "\n" in value or "\r" in value:
        raise ValueError("accepted: an address for mail, or Name <address>")
    return formataddr((name, address))


def file(value: str) -> Path:
    try:
        return Path(value).expanduser()
    except RuntimeError as error:
        raise ValueError("a path that begins with ~ needs a home directory that exists") from error
