"""A text with a secret is itself, and shows none of it where settings are listed."""

import os
import subprocess
import sys

import pytest

from config.env import PROJECT
from config.variables.hidden import Hidden


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://:hunter2@cache:6379/0", "'redis://:********@cache:6379/0'"),
        (
            "amqp://a:hunter2@x//;amqp://b:hunter2@y//",
            "'amqp://a:********@x//;amqp://b:********@y//'",
        ),
        ("redis://cache", "'redis://cache'"),
        ("Basic aHVudGVyMg==", "'********'"),
        ("", "''"),
    ],
)
def test_a_secret_is_not_in_the_representation(text, shown):
    hidden = Hidden(text)
    assert hidden == text
    assert f"{hidden}" == text
    assert repr(hidden) == shown


@pytest.mark.parametrize(
    "command", [["-m", "celery", "-A", "config", "report"], ["manage.py", "diffsettings", "--all"]]
)
def test_lists_of_settings_hold_no_secret(tmp_path, command):
    ran = subprocess.run(
        [sys.executable, *command],
        cwd=PROJECT,
        env={
            "PATH": os.environ["PATH"],
            "LLMCONFIG_HOME": str(tmp_path),
            "DATABASE_URL": "postgresql://me:hunter2@db/app",
            "REDIS_URL": "redis://me:hunter2@cache",
            "OLLAMA_HOST": "http://me:hunter2@gpu",
            "EMAIL_URL": "smtp://me:hunter2@mail",
            "DEFAULT_FROM_EMAIL": "me@app.example",
            "SECRET_KEY": "hunter2" * 8,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "'redis://me:********@cache:6379/0'" in ran.stdout
    assert "hunter2" not in ran.stdout + ran.stderr
    assert "bWU6aHVudGVyMg==" not in ran.stdout
