"""Finds the text of environment variables, and collects what is wrong with them.

Empty is as good as none. A secret may be the content of a file, which ``NAME_FILE`` names. Where no
variable names a server, those of the running stack (``stack.json``) do, so that ``manage.py`` in a
second terminal finds it.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from config.env_values import is_quoted

#: By the variable that names a server: the others that say something of it.
SERVERS: Mapping[str, tuple[str, ...]] = {
    "DATABASE_URL": (
        "DATABASE_HOST",
        "DATABASE_NAME",
        "DATABASE_PORT",
        "DATABASE_USER",
        "DATABASE_PASSWORD",
    ),
    "REDIS_URL": ("REDIS_PASSWORD",),
    "CELERY_BROKER_URL": ("CELERY_BROKER_PASSWORD",),
    "OLLAMA_HOST": ("OLLAMA_PASSWORD", "OLLAMA_API_KEY"),
    "EMAIL_URL": ("EMAIL_PASSWORD",),
}
#: Name the database as well as ``DATABASE_URL`` does.
PARTS = ("DATABASE_HOST", "DATABASE_NAME")
#: May also be stated as a file.
SECRETS = (
    "SECRET_KEY",
    *SERVERS,
    "DATABASE_PASSWORD",
    "REDIS_PASSWORD",
    "CELERY_BROKER_PASSWORD",
    "OLLAMA_PASSWORD",
    "OLLAMA_API_KEY",
    "EMAIL_PASSWORD",
)
FILE = "_FILE"
#: The password before a host, and those among the options of libpq.
_PASSWORD_IN_URL = re.compile(r"(?:^|//)[^:/?#@]*:([^/?#@]*)@")
_SECRET_OPTION = re.compile(r"(?:password|secret)=([^&]*)")
QUOTED = "it begins and ends with a quote; write it without (docker's --env-file keeps quotes)"


def variables_of(server: str) -> tuple[str, ...]:
    """Every variable that says something of a server, by the one that names it."""
    names = (server, *SERVERS[server])
    return (*names, *(f"{name}{FILE}" for name in names if name in SECRETS))


def is_named(server: str, environ: Mapping[str, str]) -> bool:
    """Whether variables name this server."""
    also = PARTS if server == "DATABASE_URL" else ()
    return any(environ.get(name) for name in (server, f"{server}{FILE}", *also))


class Variables:
    """Texts by name, with files and a running stack, and the problems found in them."""

    def __init__(self, environ: Mapping[str, str], stack: Mapping[str, str]) -> None:
        self._texts = _merged(environ, stack)
        #: Every variable that was asked for.
        self.names: set[str] = set()
        self._errors: defaultdict[str, list[str]] = defaultdict(list)

    @property
    def problems(self) -> list[str]:
        """One line for each variable that cannot be used."""
        return [f"{name}: {'; '.join(found)}" for name, found in self._errors.items()]

    def problem(self, name: str, told: str) -> None:
        """Note what is wrong with a variable; never its text, which may hold a password."""
        line = f"{told}; {QUOTED}" if is_quoted(self._texts.get(name, "").strip()) else told
        if line not in self._errors[name]:
            self._errors[name].append(line)

    def stated(self, name: str) -> str | None:
        """The text, "" where the variable is set and empty; None where it is not set."""
        self.names.add(name)
        text = self._texts.get(name)
        return text if text is None else text.strip()

    def parsed(self, name: str, default: str, parse: Callable[[str], Any]) -> Any:
        """The variable through ``parse``, whose ValueError becomes a problem; None for no text."""
        text = self.secret(name).strip() or default
        try:
            return parse(text) if text else None
        except ValueError as error:
            self.problem(name, str(error))
            return None

    def secret(self, name: str) -> str:
        """A password or key as it is written, blanks too; "" for none."""
        self.names.add(name)
        text, path = self._texts.get(name, ""), self._texts.get(f"{name}{FILE}")
        if name not in SECRETS or not path:
            return text
        if text:
            self.problem(name, f"stated, and so is {name}{FILE}; accepted: one of them")
            return ""
        return self._content(f"{name}{FILE}", path)

    def quoted(self) -> tuple[str, ...]:
        """The secrets whose texts begin and end with a quote, which may be part of them."""
        return tuple(
            name for name in SECRETS if name not in SERVERS and is_quoted(self._texts.get(name, ""))
        )

    def secrets(self) -> set[str]:
        """Every password and key that is stated, decoded; also those within URLs."""
        found = {self.secret(name) for name in SECRETS if name not in SERVERS}
        for name in SERVERS:
            url = self.secret(name)
            found |= {unquote(text) for text in _PASSWORD_IN_URL.findall(url)}
            found |= {unquote(text) for text in _SECRET_OPTION.findall(url)}
        return found - {""}

    def _content(self, name: str, path: str) -> str:
        """A file's text without the line end; "" and a problem where there is none."""
        try:
            text = Path(path).read_text(encoding="utf-8").rstrip("\r\n")
        except OSError as error:
            self.problem(name, f"{path} cannot be read: {error.strerror}")
            return ""
        except ValueError:
            self.problem(name, f"{path} is not text in UTF-8")
            return ""
        if "\0" in text:
            self.problem(name, f"{path} holds the character NUL; accepted: a file of text")
            return ""
        if not text:
            self.problem(name, f"{path} is empty; accepted: a file with the value")
        return text


def _merged(environ: Mapping[str, str], stack: Mapping[str, str]) -> dict[str, str]:
    """Variables of the caller, and of the stack where the caller names no server."""
    texts = dict(environ)
    of_servers = {name for server in SERVERS for name in variables_of(server)}
    for name in stack.keys() - of_servers:
        texts[name] = environ.get(name) or stack[name]
    for server in SERVERS:
        if is_named(server, stack) and not is_named(server, environ):
            for name in variables_of(server):
                texts[name] = stack.get(name, "")
    return texts
