"""The environment of a stack's processes: the parts' addresses over the caller's own variables."""

import hashlib
import os
import socket
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from pathlib import Path

from config.variables.reading import FILE, SECRETS, is_named, variables_of
from devstack.embedded.parts import Part

PROJECT = Path(__file__).resolve().parents[2]
EMBEDDED_CONFIG = PROJECT / "config" / "llm.embedded.yaml"
DEFAULT_SETTINGS = "config.settings.development"
SERVERS = ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "OLLAMA_HOST")
#: What a part states beside its address, unless the caller does.
BESIDE = ("LLM_CONFIG_FILE", "LLM_HOST_CONCURRENCY")
#: A path that a variable names is the caller's; the processes run in the project's directory.
PATHS = ("LLM_CONFIG_FILE", *(f"{name}{FILE}" for name in SECRETS))


def addresses(parts: Iterable[Part], environ: Mapping[str, str]) -> dict[str, str]:
    """Where everything is: what the caller's variables say, and the parts for the rest."""
    found = {
        name: environ[name]
        for server in SERVERS
        if is_named(server, environ)
        for name in variables_of(server)
        if environ.get(name)
    }
    found |= {name: environ[name] for name in BESIDE if environ.get(name)}
    for part in parts:
        found = {**part.environment(), **found}
        if part.variable == "OLLAMA_HOST":
            found.setdefault("LLM_CONFIG_FILE", str(EMBEDDED_CONFIG))
    redis = found.keys() & set(variables_of("REDIS_URL"))
    if redis == {"REDIS_URL"} and not is_named("CELERY_BROKER_URL", found):
        found["CELERY_BROKER_URL"] = found["REDIS_URL"]
    return found | _resolved(found)


def for_processes(
    home: Path, found: Mapping[str, str], environ: Mapping[str, str]
) -> dict[str, str]:
    """Everything a process needs to be one of this stack."""
    programs = (str(Path(sys.executable).parent), sysconfig.get_path("scripts"))
    # A password of the caller's is not one of a part.
    of_servers = {name for server in SERVERS for name in variables_of(server)}
    inherited = {name: text for name, text in environ.items() if name not in of_servers}
    return {
        **inherited,
        **_resolved(inherited),
        **found,
        "DJANGO_SETTINGS_MODULE": environ.get("DJANGO_SETTINGS_MODULE") or DEFAULT_SETTINGS,
        "LLMCONFIG_HOME": str(home),
        "LLMCONFIG_NODE": node(home),
        "PATH": _path(*programs, environ.get("PATH") or os.defpath),
        "PYTHONPATH": _path(str(PROJECT), environ.get("PYTHONPATH", "")),
        "PYTHONUNBUFFERED": "1",
    }


def _resolved(variables: Mapping[str, str]) -> dict[str, str]:
    return {
        name: str(Path(variables[name]).expanduser().resolve())
        for name in PATHS
        if variables.get(name)
    }


def node(home: Path) -> str:
    """What follows the @ in the names of this stack's workers: stacks may share one broker."""
    return f"{socket.gethostname()}-{hashlib.sha256(os.fsencode(home)).hexdigest()[:6]}"


def _path(*entries: str) -> str:
    return os.pathsep.join(dict.fromkeys(entry for entry in entries if entry))
