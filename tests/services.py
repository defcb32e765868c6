"""PostgreSQL and Valkey for the test suite: real, our own, gone with it.

What ``DATABASE_URL`` or ``REDIS_URL`` names is used instead. The developer's own configuration and
running stack are out of sight, and so is what an earlier suite has left in that Redis.
"""

import atexit
import os
import shutil
import tempfile
import uuid
from pathlib import Path

import pytest

from devstack.embedded.errors import StackError
from devstack.embedded.postgres import Postgres
from devstack.embedded.stack import Stack
from devstack.embedded.valkey import Valkey

#: Nothing listens there: a test that needs a model server starts one.
NO_MODEL_SERVER = "http://127.0.0.1:9"
#: The variables that a suite has set itself.
OURS = "LLMCONFIG_TESTS_SET"


def start() -> None:
    """Set the variables that the settings read; call it before they are imported."""
    _forget_the_controller()
    _forget_the_developer()
    home = Path(tempfile.mkdtemp(prefix="llmconfig-tests-"))
    os.environ["LLMCONFIG_HOME"] = str(home)
    stack = Stack(home, parts=(Valkey, Postgres), durable=False, temporary=True, supervised=False)
    try:
        stack.start()
    except StackError as error:
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"  # to put it into words
        pytest.exit(str(error), returncode=1)
    os.environ[OURS] = " ".join(stack.environment.keys() - os.environ.keys())
    os.environ.update(stack.environment)
    atexit.register(_stop, stack, os.getpid())


def _forget_the_developer() -> None:
    for name in [name for name in os.environ if name.startswith("LLM_")]:
        del os.environ[name]
    os.environ["OLLAMA_HOST"] = NO_MODEL_SERVER
    os.environ["LLM_CACHE_NAMESPACE"] = uuid.uuid4().hex
    os.environ["REDIS_KEY_PREFIX"] = f"tests.{uuid.uuid4().hex}:"


def _forget_the_controller() -> None:
    """The processes of one parallel suite have services of their own, not those of their parent."""
    for name in os.environ.pop(OURS, "").split():
        os.environ.pop(name, None)


def _stop(stack: Stack, owner: int) -> None:
    if os.getpid() == owner:  # not in a fork of the suite
        stack.stop()
        shutil.rmtree(stack.home, ignore_errors=True)
