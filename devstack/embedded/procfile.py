"""Reads a Procfile: one process per line, ``name: command``; ``sh`` expands the command."""

import re
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from devstack.embedded.errors import StackError

LINE = re.compile(r"(?P<name>[A-Za-z0-9_-]+):\s*(?P<command>\S.*)")
#: Several commands, a redirection or a leading assignment: the shell has to stay.
COMPOUND = re.compile(r"[;&|<>()`]|^\w+=")
RESERVED = frozenset({"postgres", "valkey", "model_server"})


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line."""

    name: str
    command: str

    @property
    def shell_command(self) -> str:
        """What ``sh -c`` gets: the shell makes way for a program that is all of the command."""
        return self.command if COMPOUND.search(self.command) else f"exec {self.command}"


def read(path: Path) -> tuple[Entry, ...]:
    """The processes in their order. Raises ``StackError`` naming file and line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise StackError(
            _("%(path)s cannot be read: %(reason)s"), path=path, reason=error.strerror
        ) from error
    entries: dict[str, Entry] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        entry = _entry(line.strip(), f"{path}:{number}")
        if entry.name in entries or entry.name in RESERVED:
            raise StackError(
                _("%(place)s: the name %(name)s is taken."),
                place=f"{path}:{number}",
                name=entry.name,
            )
        entries[entry.name] = entry
    if not entries:
        raise StackError(_("%(path)s names no process."), path=path)
    return tuple(entries.values())


def _entry(line: str, place: str) -> Entry:
    match = LINE.fullmatch(line)
    if match is None:
        raise StackError(_("%(place)s: expected `name: command`."), place=place)
    return Entry(name=match["name"], command=match["command"])
