"""PostgreSQL and Valkey for one program: embedded and gone with it, or what ``DATABASE_URL`` and
``REDIS_URL`` name. A named database should be an empty one: what a program stores stays there.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devstack.embedded.postgres import Postgres
from devstack.embedded.stack import Stack
from devstack.embedded.valkey import Valkey

CONFIG = """\
default: {model: "file:3b", fallback_model: "file:1b", timeout: "60s"}
task_types:
  TASK_TYPE_TEXT_GENERATION: {timeout: "45s", max_retries: 2}
user_preferences: {premium_model: "premium:7b"}
"""


@contextmanager
def services(settings_module: str = "config.settings.test") -> Iterator[Path]:
    """Django is set up and the database migrated while the block runs; yields a directory for
    files. Models are imported only inside the block."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        directory = Path(name)
        file = directory / "llm.yaml"
        file.write_text(CONFIG)
        home = directory / "home"
        kind = {"durable": False, "temporary": True, "supervised": False}
        with Stack(home, parts=(Valkey, Postgres), **kind) as parts:
            os.environ.update(
                parts.environment,
                LLM_CONFIG_FILE=str(file),
                LLMCONFIG_HOME=str(home),
                DJANGO_SETTINGS_MODULE=settings_module,
            )
            _set_up()
            try:
                yield directory
            finally:
                _close()


def _set_up() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def _close() -> None:
    from django.db import connections

    connections.close_all()
    for connection in connections.all():
        connection.close_pool()
