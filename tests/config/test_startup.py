"""No process starts work with a configuration that would fail every run."""

import os
import subprocess
import sys

import psycopg
import pytest
from django.db import InternalError, OperationalError

from config.env import PROJECT
from config.startup import readable_errors

STARTS = {
    "web": ["-c", "import config.asgi"],
    "worker": ["-m", "celery", "-A", "config", "worker", "-Q", "llm.text_generation", "-c", "1"],
    "command": ["manage.py", "llm_explain"],
}


@pytest.mark.parametrize("arguments", STARTS.values(), ids=STARTS)
@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"LLM_ALLOWED_MODELS": "qwen3"}, "the model llama3.2:3b is not allowed by LLM_ALLOWED_"),
        ({"LLM_MAX_RETRIES": "many"}, "LLM_MAX_RETRIES: accepted: a whole number from 0 to 10"),
    ],
)
def test_a_bad_configuration_is_refused_in_words(arguments, variables, told):
    environment = {
        **os.environ,
        **variables,
        "LLM_CONFIG_FILE": str(PROJECT / "config" / "llm.yaml"),
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
    }
    ran = subprocess.run(
        [sys.executable, *arguments],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 1
    assert told in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    ("sqlstate", "told"),
    [
        (None, "PostgreSQL cannot be reached:\n  why"),
        ("57P03", "PostgreSQL cannot be reached:\n  why"),
        ("25006", "PostgreSQL is read-only:\n  why"),
        ("57014", "PostgreSQL is too slow:\n  why"),
        ("53100", "PostgreSQL is out of disk space or memory:\n  why"),
    ],
)
def test_a_fault_of_the_database_ends_a_command_as_what_it_is(sqlstate, told):
    cause = psycopg.errors.lookup(sqlstate)("why") if sqlstate else psycopg.OperationalError("why")
    kind = InternalError if isinstance(cause, psycopg.InternalError) else OperationalError
    with pytest.raises(SystemExit) as ended, readable_errors():
        raise kind("why") from cause
    assert ended.value.code == told
