"""The stack that is fuzzed: uvicorn, embedded PostgreSQL and Valkey, a worker, a fake Ollama."""

import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import django

from benchmarks.chaos.fake import FakeProcess
from benchmarks.chaos.stand import Stand
from config.env import PROJECT

CONFIG = """\
default: {model: "ok:3b", fallback_model: "ok:1b", timeout: "20s", max_retries: 1}
"""
QUEUES = ",".join(
    f"llm.{name}{tail}"
    for name in ("insight_generation", "weekly_report", "data_analysis", "text_generation")
    for tail in ("", ".low")
)
WORKER = (
    "celery --quiet -A config worker -P threads -Q {queues} -c 8 "
    '-n "worker@${{LLMCONFIG_NODE}}" --without-gossip --without-mingle --loglevel WARNING'
)


@dataclass(frozen=True)
class Fuzzed:
    url: str
    #: By role: ``user`` and ``staff``.
    tokens: dict[str, str]
    #: Of the user ``passenger``, who logs in and out.
    password: str
    log: Path


@contextmanager
def fuzzed() -> Iterator[Fuzzed]:
    """The running stack, without limits of rates and of tasks on their way."""
    home = Path(tempfile.mkdtemp(prefix="llmconfig-fuzz-"))
    fake = FakeProcess(home, {})
    stand = Stand(home, fake)
    try:
        (home / "llm.yaml").write_text(CONFIG)
        (home / "Procfile").write_text(_procfile())
        environment = _environment(home, fake.host)
        stand.start(home / "Procfile", environment)
        os.environ.clear()
        os.environ.update(environment)
        django.setup()
        tokens, password = _people()
        yield Fuzzed(_url(home), tokens, password, home / "runstack.log")
    finally:
        stand.stop()
        fake.kill()
        shutil.rmtree(home, ignore_errors=True)


def _procfile() -> str:
    """The project's own web process, and one worker of every queue."""
    lines = (PROJECT / "Procfile").read_text().splitlines()
    web = next(line for line in lines if line.startswith("web:"))
    return f"{web}\nworker: {WORKER.format(queues=QUEUES)}\n"


def _url(home: Path) -> str:
    found = re.search(r"Ready: (http://[^ ]+)", (home / "runstack.log").read_text())
    if found is None:
        raise RuntimeError("the stack does not say where it answers")
    return found[1]


def _people() -> tuple[dict[str, str], str]:
    from django.contrib.auth import get_user_model
    from django.contrib.auth.models import Group
    from knox.models import AuthToken

    from llmconfig.models import Tier

    users, password = get_user_model().objects, secrets.token_urlsafe()
    people = {"user": users.create_user("user"), "staff": users.create_superuser("staff")}
    users.create_user("passenger", password=password)
    Tier.objects.create(group=Group.objects.create(name="premium"), rank=20)
    tokens = {role: AuthToken.objects.create(user)[1] for role, user in people.items()}
    return tokens, password


def _environment(home: Path, host: str) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("LLM_")}
    return {
        **own,
        # Without limits of rates.
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "API_MAX_ACTIVE_RUNS": "1000000",
        "LLMCONFIG_HOME": str(home),
        "LLM_CONFIG_FILE": str(home / "llm.yaml"),
        "LLM_ALLOW_REQUEST_LAYER": "true",
        "OLLAMA_HOST": host,
    }
