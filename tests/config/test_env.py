"""The environment reader: typed, complete in its complaints, silent about secrets."""

import json
import os
import re
from datetime import timedelta
from pathlib import Path

import pytest

from config import env
from config.process_start import process_start
from config.variables.reading import SECRETS

#: Every variable that is read.
NAMES = env.names()
#: Their meaning is llmconfig's.
RAW = set(env.LLM_VARIABLES)
STATED_EMPTY = {
    "API_MAX_ACTIVE_RUNS",
    "API_MAX_EVENT_STREAMS",
    "LLM_WORKER_METRICS_PORT",
    *env.API_RATES,
}


@pytest.fixture
def variables(monkeypatch, tmp_path):
    """A clean environment with its own home; call it to set variables."""
    for name in list(os.environ):
        if name.startswith("LLM") or name in {
            "DATABASE_URL", "REDIS_URL", "REDIS_KEY_PREFIX", "CELERY_BROKER_URL", "OLLAMA_HOST",
            "SECRET_KEY",
        }:  # fmt: skip
            monkeypatch.delenv(name)
    monkeypatch.setenv("LLMCONFIG_HOME", str(tmp_path))

    def set_all(**values):
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return set_all


def stack(home, pid=None, start=None, **environment):
    pid = pid or os.getpid()
    start = process_start(pid) if start is None else start
    path = home / "stack.json"
    path.write_text(json.dumps({"pid": pid, "start": start, "environment": environment}))


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("localhost", "http://localhost:11434"),
        ("10.0.0.7:8080", "http://10.0.0.7:8080"),
        ("http://ollama:11434/", "http://ollama:11434"),
        ("https://ollama.example", "https://ollama.example:443"),
        ("https://ollama.example/base/", "https://ollama.example:443/base"),
        ("[::1]:11434", "http://[::1]:11434"),
    ],
)
def test_ollama_host_takes_what_ollama_takes(variables, given, url):
    variables(OLLAMA_HOST=given)
    assert env.read().ollama_host == url


def test_the_broker_is_redis_unless_it_is_named(variables):
    variables(REDIS_URL="redis://cache:6379/1")
    assert env.read().broker_url == "redis://cache:6379/1"
    variables(CELERY_BROKER_URL="amqp://queue//")
    assert env.read().broker_url == "amqp://queue//"


def test_a_database_url_may_name_a_unix_socket(variables):
    variables(DATABASE_URL="postgresql://postgres@/app?host=/run/a%20b")
    assert env.read().database == {"user": "postgres", "dbname": "app", "host": "/run/a b"}


def test_every_problem_is_told_at_once_with_its_variable(variables):
    variables(
        DATABASE_URL="mysql://x",
        REDIS_URL="http://x",
        OLLAMA_HOST="ftp://x",
        LLM_WORKER_CONCURRENCY="many",
        LLM_ALLOW_REQUEST_LAYER="perhaps",
    )
    with pytest.raises(env.EnvironmentInvalid) as caught:
        env.read()
    told = "\n".join(caught.value.problems)
    for name in (
        "DATABASE_URL", "REDIS_URL", "OLLAMA_HOST", "LLM_WORKER_CONCURRENCY",
        "LLM_ALLOW_REQUEST_LAYER",
    ):  # fmt: skip
        assert name in told


@pytest.mark.parametrize(
    "url", ["mysql://ada:hunter2@db/x", "postgresql://ada:hunter2@db/x?colour=blue"]
)
def test_a_password_is_not_repeated_in_a_complaint(variables, url):
    variables(DATABASE_URL=url)
    with pytest.raises(env.EnvironmentInvalid) as caught:
        env.read()
    assert "hunter2" not in str(caught.value)


def test_a_running_stack_stands_in_for_absent_variables(variables, tmp_path):
    stack(tmp_path, REDIS_URL="redis://127.0.0.1:7001/0", OLLAMA_HOST="http://127.0.0.1:7002")
    variables(OLLAMA_HOST="http://elsewhere:11434")
    read = env.read()
    assert read.redis_url == "redis://127.0.0.1:7001/0"
    assert read.ollama_host == "http://elsewhere:11434"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": "x"}', '{"environment": {}}'])
def test_a_damaged_stack_file_counts_as_none(variables, tmp_path, text):
    (tmp_path / "stack.json").write_text(text)
    assert env.running_stack(tmp_path) is None


def test_the_stack_file_of_a_dead_process_counts_as_none(variables, tmp_path):
    pid = os.spawnlp(os.P_NOWAIT, "true", "true")
    os.waitpid(pid, 0)
    stack(tmp_path, pid=pid, REDIS_URL="redis://127.0.0.1:7001/0")
    assert env.running_stack(tmp_path) is None


def test_the_stack_file_of_a_process_whose_pid_was_reused_counts_as_none(variables, tmp_path):
    stack(tmp_path, start="1", REDIS_URL="redis://127.0.0.1:7001/0")
    assert env.running_stack(tmp_path) is None
    assert env.read().redis_url == "redis://127.0.0.1:6379/0"


def test_without_a_database_the_reader_says_so(variables):
    assert env.read().database is None


@pytest.mark.parametrize(
    ("given", "port"), [(None, 0), ("", None), ("0", 0), ("9464", 9464)], ids=str
)
def test_a_worker_s_port_is_any_free_one_unless_it_is_stated_and_empty_is_none(
    variables, given, port
):
    if given is not None:
        variables(LLM_WORKER_METRICS_PORT=given)
    read = env.read()
    assert (read.worker_metrics_address, read.worker_metrics_port) == ("127.0.0.1", port)


@pytest.mark.parametrize("given", ["-1", "65536", "http", "9e3", "٣"])
def test_what_is_no_port_is_refused_with_what_is(variables, given):
    variables(LLM_WORKER_METRICS_PORT=given)
    with pytest.raises(env.EnvironmentInvalid, match="LLM_WORKER_METRICS_PORT: accepted: a port"):
        env.read()


def test_the_configuration_file_may_lie_in_a_home_directory_that_exists(variables, monkeypatch):
    monkeypatch.setenv("HOME", "/somewhere")
    variables(LLM_CONFIG_FILE="~/llm.yaml")
    assert env.read().llm_config_file == Path("/somewhere/llm.yaml")
    variables(LLM_CONFIG_FILE="~nobody-of-that-name/llm.yaml")
    with pytest.raises(env.EnvironmentInvalid, match="LLM_CONFIG_FILE: a path that begins with ~"):
        env.read()


def test_a_token_is_valid_for_thirty_days_unless_another_time_is_set(variables):
    assert env.read().token_ttl == timedelta(days=30)
    variables(API_TOKEN_TTL="12h")
    assert env.read().token_ttl == timedelta(hours=12)
    variables(API_TOKEN_TTL="3600")
    assert env.read().token_ttl == timedelta(hours=1)


@pytest.mark.parametrize("name", ["API_TOKEN_TTL", "REPORT_SPREAD", "LLM_SHUTDOWN_GRACE_SECONDS"])
@pytest.mark.parametrize(
    ("given", "seconds"), [("90", 90), ("90s", 90), ("2m", 120), ("1m30s", 90), ("1h", 3600)]
)
def test_durations_have_the_same_forms_in_every_variable(variables, name, given, seconds):
    field = {
        "API_TOKEN_TTL": "token_ttl",
        "REPORT_SPREAD": "report_spread",
        "LLM_SHUTDOWN_GRACE_SECONDS": "shutdown_grace_seconds",
    }[name]
    variables(**{name: given})
    read = getattr(env.read(), field)
    assert (read if isinstance(read, int) else read.total_seconds()) == seconds


@pytest.mark.parametrize(
    "name", ["RUN_RETENTION_DAYS", "AUDIT_RETENTION_DAYS", "REPORT_CATCH_UP_DAYS"]
)
@pytest.mark.parametrize(("given", "days"), [("7", 7), ("7d", 7), ("168h", 7)])
def test_days_are_a_number_or_a_duration_of_whole_days(variables, name, given, days):
    variables(**{name: given})
    assert getattr(env.read(), name.lower()) == days
    variables(**{name: "36h"})
    with pytest.raises(env.EnvironmentInvalid, match=f"{name}: accepted: a whole number from 1"):
        env.read()


@pytest.mark.parametrize(("given", "minutes"), [(None, 30), ("2h", 120), ("90", 1.5), ("0", 0)])
def test_reports_are_spread_over_half_an_hour_unless_another_time_is_set(variables, given, minutes):
    variables(**({} if given is None else {"REPORT_SPREAD": given}))
    assert env.read().report_spread == timedelta(minutes=minutes)


def test_every_kind_of_call_has_a_limit_unless_it_is_set_empty(variables):
    assert set(env.read().rates) == set(env.API_RATES)
    assert all(env.read().rates.values())
    variables(API_RATE_READ="5/s", API_RATE_LOGIN="")
    assert (env.read().rates["API_RATE_READ"], env.read().rates["API_RATE_LOGIN"]) == ("5/s", "")


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [
        *[(name, "many", "a number per s, min, hour or day") for name in env.API_RATES],
        ("API_TOKEN_TTL", "forever", "1s to 36500d, written as 60, 60s, 2m, 1h30m or 1d"),
        ("NUM_PROXIES", "-1", "a whole number from 0 to 16"),
        ("AUDIT_RETENTION_DAYS", "0", "a whole number from 1 to 36500"),
        ("REPORT_CATCH_UP_DAYS", "29", "a whole number from 1 to 28"),
        ("LLM_WORKER_CONCURRENCY", "4.5", "a whole number from 1 to 256"),
        ("LLM_SHUTDOWN_GRACE_SECONDS", "nan", "0 to 3600 seconds, written as 60, 60s or 2m"),
        ("LLM_ALLOW_REQUEST_LAYER", "perhaps", "true or false"),
        *[
            ("LLM_WORKER_METADATA", text, "a JSON object")
            for text in (
                "rack",
                "[]",
                '{"a": NaN}',
                r'{"a": "\u0000"}',
                r'{"a": "\ud800"}',
                "[" * 4000,
            )
        ],
        ("REPORT_SPREAD", "2d", "0 to 86400 seconds, written as 60, 60s, 2m, 1h30m or 1d"),
    ],
)
def test_what_is_no_limit_or_lifetime_stops_the_start(variables, name, value, accepted):
    variables(**{name: value})
    with pytest.raises(env.EnvironmentInvalid, match=f"{name}: .*{accepted}"):
        env.read()


# Where empty is a statement, a test of its own says which.
@pytest.mark.parametrize("name", sorted(NAMES - RAW - STATED_EMPTY - {"LLMCONFIG_HOME"}))
def test_an_empty_variable_is_as_good_as_none(variables, name):
    before = env.read()
    variables(**{name: ""})
    assert env.read() == before


@pytest.mark.parametrize(
    ("given", "most"), [(None, 2000), ("", None), ("0", None), ("200", 200)], ids=str
)
def test_a_user_has_two_thousand_runs_on_the_way_unless_it_is_stated(variables, given, most):
    variables(**({} if given is None else {"API_MAX_ACTIVE_RUNS": given}))
    assert env.read().max_active_runs == most


@pytest.mark.parametrize("given", ["-1", "many", "2_000", "1.5"])
def test_what_is_no_number_of_runs_is_told(variables, given):
    variables(API_MAX_ACTIVE_RUNS=given)
    with pytest.raises(env.EnvironmentInvalid, match="API_MAX_ACTIVE_RUNS"):
        env.read()


@pytest.mark.parametrize(
    "given", [{}, {"SECURE_HSTS_SECONDS": "365d"}, {"SECURE_HSTS_INCLUDE_SUBDOMAINS": "true"}]
)
def test_browsers_preload_only_what_is_promised_for_a_year_and_for_all_names(variables, given):
    variables(SECURE_HSTS_PRELOAD="true", **given)
    with pytest.raises(env.EnvironmentInvalid, match="SECURE_HSTS_PRELOAD: browsers preload"):
        env.read()


def test_a_mail_server_needs_a_sender(variables):
    variables(EMAIL_URL="smtp://mail")
    with pytest.raises(env.EnvironmentInvalid, match="DEFAULT_FROM_EMAIL: not set, and EMAIL_URL"):
        env.read()
    variables(DEFAULT_FROM_EMAIL="Reports <reports@app.example>")
    assert env.read().mail_sender == "Reports <reports@app.example>"


def test_the_page_of_settings_has_every_variable_and_no_other():
    page = (env.PROJECT / "docs/reference/settings.md").read_text()
    told = set(re.findall(r"`([A-Z][A-Z_]{5,})`", page))
    assert told - {f"{name}_FILE" for name in SECRETS} == NAMES


@pytest.mark.parametrize(("given", "tokens"), [(None, None), ("0", None), ("8192", 8192)])
def test_the_model_servers_own_window_is_known_where_it_is_set_for_us_too(variables, given, tokens):
    variables(**({} if given is None else {"OLLAMA_CONTEXT_LENGTH": given}))
    assert env.read().ollama_context_length == tokens
