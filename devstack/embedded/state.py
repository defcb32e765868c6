"""``stack.json``: where the running stack of a home answers, told to other terminals."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from config.process_start import process_start

FILE = "stack.json"


def write(home: Path, *, web: str, environment: Mapping[str, str]) -> None:
    """Write it in one step, readable by its owner alone: addresses may hold passwords."""
    content = {
        "pid": os.getpid(),
        "start": process_start(os.getpid()),
        "web": web,
        "environment": dict(environment),
    }
    new = home / f"{FILE}.{os.getpid()}"
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(content, file, indent=2)
        file.write("\n")
    new.replace(home / FILE)


def read(home: Path) -> dict[str, Any]:
    """Its contents; empty when there is none."""
    try:
        content = json.loads((home / FILE).read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def remove(home: Path, *, pid: int) -> None:
    """Remove it if process ``pid`` wrote it."""
    if read(home).get("pid") == pid:
        (home / FILE).unlink(missing_ok=True)
