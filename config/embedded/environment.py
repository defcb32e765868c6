"""The environment of a stack's processes: the parts' addresses over the caller's own variables."""

import hashlib
import os
import socket
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from pathlib import Path

from config.embedded.parts import Part

PROJECT = Path(__file__).resolve().parents[2]
EMBEDDED_CONFIG = PROJECT / "config" / "llm.embedded.yaml"
DEFAULT_SETTINGS = "config.settings.development"
ADDRESSES = (
    "DATABASE_URL",
    "REDIS_URL",
    "CELERY_BROKER_URL",
    "OLLAMA_HOST",
    "LLM_HOST_CONCURRENCY",
    "LLM_CONFIG_FILE",
)


def addresses(parts: Iterable[Part], environ: Mapping[str, str]) -> dict[str, str]:
    """Where everything is: what the caller's variables say, and the parts for the rest."""
    found = {name: environ[name] for name in ADDRESSES if environ.get(name)}
    for part in parts:
        found = {**part.environment(), **found}
        if part.variable == "OLLAMA_HOST":
            found.setdefault("LLM_CONFIG_FILE", str(EMBEDDED_CONFIG))
    if "REDIS_URL" in found:
        found.setdefault("CELERY_BROKER_URL", found["REDIS_URL"])
    if "LLM_CONFIG_FILE" in found:
        # The processes run in the project's directory, wherever the caller is.
        found["LLM_CONFIG_FILE"] = str(Path(found["LLM_CONFIG_FILE"]).expanduser().resolve())
    return found


def for_processes(
    home: Path, found: Mapping[str, str], environ: Mapping[str, str]
) -> dict[str, str]:
    """Everything a process needs to be one of this stack."""
    programs = (str(Path(sys.executable).parent), sysconfig.get_path("scripts"))
    return {
        **environ,
        **found,
        "DJANGO_SETTINGS_MODULE": environ.get("DJANGO_SETTINGS_MODULE") or DEFAULT_SETTINGS,
        "LLMCONFIG_HOME": str(home),
        "LLMCONFIG_NODE": node(home),
        "PATH": _path(*programs, environ.get("PATH") or os.defpath),
        "PYTHONPATH": _path(str(PROJECT), environ.get("PYTHONPATH", "")),
        "PYTHONUNBUFFERED": "1",
    }


def node(home: Path) -> str:
    """What follows the @ in the names of this stack's workers: stacks may share one broker."""
    return f"{socket.gethostname()}-{hashlib.sha256(os.fsencode(home)).hexdigest()[:6]}"


def _path(*entries: str) -> str:
    return os.pathsep.join(dict.fromkeys(entry for entry in entries if entry))
