"""Settings of the three environments, read in processes of their own."""

import os
import subprocess
import sys

import pytest

from config.env import PROJECT
from config.settings import base

PRODUCTION = {
    "SECRET_KEY": "k" * 60 + "0123456789abcdef",
    "ALLOWED_HOSTS": "llm.example",
    "DATABASE_URL": "postgresql://app@db/app",
}


def manage(home, *arguments, settings="production", **variables):
    environment = {
        "PATH": os.environ["PATH"],
        "LLMCONFIG_HOME": str(home),
        "DJANGO_SETTINGS_MODULE": f"config.settings.{settings}",
        **variables,
    }
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_production_passes_the_deployment_check_without_a_warning(tmp_path):
    done = manage(tmp_path, "check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert done.returncode == 0, done.stderr


TLS = (
    "SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS", "SECURE_HSTS_INCLUDE_SUBDOMAINS",
    "SECURE_HSTS_PRELOAD", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE",
)  # fmt: skip
YEAR = 365 * 24 * 3600
WITHOUT = {
    "SECURE_SSL_REDIRECT": "false", "SESSION_COOKIE_SECURE": "false", "SECURE_HSTS_SECONDS": "0",
}  # fmt: skip
PRELOADED = {
    "SECURE_HSTS_SECONDS": "365d", "SECURE_HSTS_INCLUDE_SUBDOMAINS": "true",
    "SECURE_HSTS_PRELOAD": "true",
}  # fmt: skip


@pytest.mark.parametrize(
    ("variables", "values"),
    [
        ({}, [True, 3600, False, False, True, True]),
        (WITHOUT, [False, 0, False, False, False, False]),
        (PRELOADED, [True, YEAR, True, True, True, True]),
    ],
    ids=["by default", "without TLS", "preloaded"],
)
def test_tls_is_switched_by_variables(tmp_path, variables, values):
    code = f"from django.conf import settings as s; print([getattr(s, n) for n in {TLS}])"
    done = manage(tmp_path, "shell", "-v", "0", "-c", code, **PRODUCTION, **variables)
    assert done.stdout.strip() == str(values), done.stderr


@pytest.mark.parametrize("missing", sorted(PRODUCTION))
def test_production_refuses_to_start_without_its_secrets_and_addresses(tmp_path, missing):
    done = manage(tmp_path, "check", **{k: v for k, v in PRODUCTION.items() if k != missing})
    assert done.returncode == 1
    assert f"{missing}: not set, and production has no default for it; accepted: " in done.stderr
    assert "Traceback" not in done.stderr


def test_development_makes_its_own_secret_key_for_its_owner_alone(tmp_path):
    done = manage(tmp_path, "check", settings="development")
    assert done.returncode == 0, done.stderr
    key = tmp_path / "secret-key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert len(key.read_text()) > 50


def test_a_home_that_cannot_be_used_is_refused_by_name(tmp_path):
    (tmp_path / "file").write_text("")
    done = manage(tmp_path / "file", "check", settings="development")
    assert done.returncode == 1
    assert "LLMCONFIG_HOME" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"LLM_TASK_TYPE_CONFIGS": "{"}, ["LLM_TASK_TYPE_CONFIGS"]),
        ({"LLM_TASK_TYPE_CONFIGS": '{"TASK_TYPE_POETRY": {}}'}, ["TASK_TYPE_POETRY"]),
        ({"LLM_MAX_RETRIES": "many"}, ["LLM_MAX_RETRIES"]),
        ({"OLLAMA_HOST": "ftp://x"}, ["OLLAMA_HOST", "accepted"]),
        ({"TIME_ZONE": "Mars/Olympus"}, ["TIME_ZONE", "accepted"]),
    ],
)
def test_a_bad_variable_is_refused_by_name_and_without_a_traceback(tmp_path, variables, words):
    done = manage(tmp_path, "check", settings="development", **variables)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


def test_a_bad_file_is_refused_with_file_line_and_key(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text("default:\n  model: m\n  timeout: soon\n  colour: blue\n")
    done = manage(tmp_path, "check", settings="development", LLM_CONFIG_FILE=str(path))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "bad.yaml:3" in done.stderr
    assert "bad.yaml:4" in done.stderr
    assert "colour" in done.stderr


def test_without_a_stack_and_a_database_the_message_says_what_to_do(tmp_path):
    done = manage(tmp_path, "migrate", settings="development")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "runstack" in done.stderr


@pytest.mark.parametrize("command", [["celery", "-A", "config", "worker", "-P", "solo"]])
def test_a_worker_refuses_a_bad_configuration_without_a_traceback(tmp_path, command):
    environment = {
        "PATH": os.environ["PATH"],
        "LLMCONFIG_HOME": str(tmp_path),
        "LLM_TASK_TYPE_CONFIGS": "{",
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/nothing",
    }
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "LLM_TASK_TYPE_CONFIGS" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_empty_settings_module_means_development(tmp_path):
    done = manage(tmp_path, "diffsettings", settings="development", DJANGO_SETTINGS_MODULE="")
    assert done.returncode == 0, done.stderr
    assert "DEBUG = True" in done.stdout


def test_of_several_hosts_the_one_that_can_write_is_taken():
    one = base._database({"host": "a", "dbname": "app"})
    two = base._database({"host": "a,b", "dbname": "app"})
    stated = base._database({"host": "a,b", "dbname": "app", "target_session_attrs": "any"})
    found = [each["OPTIONS"].get("target_session_attrs") for each in (one, two, stated)]
    assert found == [None, "read-write", "any"]
