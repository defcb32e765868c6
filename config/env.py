"""The one reader of environment variables: typed, complete in its complaints, never a traceback.

A variable wins; where it is absent, the addresses of the stack that runs from ``LLMCONFIG_HOME``
(``stack.json``) stand in, so that ``manage.py`` in a second terminal finds them.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import environs
from django.core.exceptions import ImproperlyConfigured

from config import env_values
from config.api.throttles.rates import rate_parse
from config.mail import Mailer, mailer_parse
from llmconfig.durations import DAY

#: Of what is kept or valid for days.
LONGEST_DAYS = 36_500
PROJECT = Path(__file__).resolve().parent.parent

#: Raw values of these go to llmconfig, which owns their meaning.
LLM_VARIABLES = (
    "LLM_DEFAULT_MODEL",
    "LLM_FALLBACK_MODEL",
    "LLM_DEFAULT_TIMEOUT",
    "LLM_MAX_RETRIES",
    "LLM_TASK_TYPE_CONFIGS",
    "LLM_MODEL_PARAMS",
    "LLM_ALLOWED_MODELS",
)

#: How often a user may call what, unless the variable of that name says otherwise.
API_RATES = {
    "API_RATE_READ": "1200/min",
    "API_RATE_CONFIG_WRITE": "60/min",
    "API_RATE_SUBMIT": "300/min",
    "API_RATE_LOGIN": "10/min",
}


class EnvironmentInvalid(ImproperlyConfigured):
    """Variables that cannot be used; ``problems`` has one line for each."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


@dataclass(frozen=True, kw_only=True)
class Environment:
    """What the environment says, with defaults applied."""

    home: Path
    #: libpq connection parameters (host, port, user, password, dbname and any other); None while
    #: neither ``DATABASE_URL`` nor a running stack names a database.
    database: Mapping[str, str] | None
    redis_url: str
    broker_url: str
    ollama_host: str
    llm_config_file: Path
    llm_variables: Mapping[str, str]
    request_layer: bool
    #: Which processes share cached configurations; "": those that name the database alike.
    cache_namespace: str
    worker_concurrency: int
    #: Where a worker serves its health and metrics; port 0: any free one, None: nowhere.
    worker_metrics_address: str
    worker_metrics_port: int | None
    #: How long a worker that stops lets its generations run on.
    shutdown_grace_seconds: int
    run_retention_days: int
    #: Of one user, before the API accepts no more; None: any number.
    max_active_runs: int | None
    audit_retention_days: int
    #: How long after its moment a weekly report is still made, and over how long those that are
    #: due at once are spread.
    report_catch_up_days: int
    report_spread: timedelta
    #: How long a token is valid.
    token_ttl: timedelta
    #: How often, as ``60/min``, by the name of the setting; "": no limit.
    rates: Mapping[str, str]
    #: How many proxies of our own stand before the web process.
    num_proxies: int
    time_zone: str
    #: The server that mails go to; None: none is sent.
    mailer: Mailer | None
    mail_sender: str
    #: Where people reach the pages, without a slash at its end; "": mails have no links.
    site_url: str
    #: None where it is not set: development makes one, production refuses.
    secret_key: str | None
    allowed_hosts: tuple[str, ...]
    csrf_trusted_origins: tuple[str, ...]


class _Env(environs.Env):
    """environs, with the running stack's addresses behind the variables."""

    def __init__(self, stack: Mapping[str, str]) -> None:
        super().__init__(eager=False, expand_vars=False)
        self._stack = stack

    def _get_value(self, env_key: str, default: Any) -> Any:
        if not os.environ.get(env_key) and env_key in self._stack:
            return self._stack[env_key]
        return super()._get_value(env_key, default)


def home_directory() -> Path:
    """Where the embedded parts keep their data: ``LLMCONFIG_HOME``, else ``.local`` here."""
    return Path(os.environ.get("LLMCONFIG_HOME") or PROJECT / ".local").expanduser().resolve()


def running_stack(home: Path) -> dict[str, Any] | None:
    """The contents of ``stack.json`` while the process that wrote it lives, else None."""
    try:
        state = json.loads((home / "stack.json").read_text())
        os.kill(state["pid"], 0)
    except PermissionError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return state if isinstance(state.get("environment"), dict) else None


def _rate(env: "_Env", name: str, default: str) -> str:
    """The text, when it is a rate. Empty is a statement here: no limit."""
    value: str = env.str(name, default)
    try:
        rate_parse(value)
    except ValueError as error:
        env._errors[name].append(str(error))
    return value


def _parsed(env: _Env, name: str, default: str, parse: Callable[[str], Any]) -> Any:
    """The variable through ``parse``; a ValueError becomes a problem under the variable's name."""
    value = env.str(name, default) or default
    try:
        return parse(value) if value else None
    except ValueError as error:
        # The value itself may hold a password: only the rule is told.
        env._errors[name].append(str(error))
        return None


def read() -> Environment:
    """Read everything once. Raises ``EnvironmentInvalid`` with every problem."""
    home = home_directory()
    stack = running_stack(home)
    env = _Env(stack["environment"] if stack else {})
    redis_url = _parsed(
        env, "REDIS_URL", "redis://127.0.0.1:6379/0", env_values.url_with("redis", "rediss", "unix")
    )
    values = {
        "database": _parsed(env, "DATABASE_URL", "", env_values.database_parameters),
        "redis_url": redis_url,
        "broker_url": _parsed(
            env,
            "CELERY_BROKER_URL",
            redis_url or "redis://",
            env_values.url_with("redis", "rediss", "amqp", "amqps", "pyamqp"),
        ),
        "ollama_host": _parsed(env, "OLLAMA_HOST", "127.0.0.1", env_values.normalise_host),
        "llm_config_file": _parsed(
            env, "LLM_CONFIG_FILE", str(PROJECT / "config" / "llm.yaml"), env_values.file
        ),
        "llm_variables": {
            name: value for name in LLM_VARIABLES if (value := env.str(name, None)) is not None
        },
        "request_layer": _parsed(env, "LLM_ALLOW_REQUEST_LAYER", "true", env_values.flag),
        "cache_namespace": env.str("LLM_CACHE_NAMESPACE", ""),
        "worker_concurrency": _parsed(env, "LLM_WORKER_CONCURRENCY", "4", env_values.whole(1, 256)),
        "shutdown_grace_seconds": _parsed(
            env, "LLM_SHUTDOWN_GRACE_SECONDS", "20", env_values.seconds(0, 3600)
        ),
        "run_retention_days": _parsed(
            env, "RUN_RETENTION_DAYS", "90", env_values.days(1, LONGEST_DAYS)
        ),
        "audit_retention_days": _parsed(
            env, "AUDIT_RETENTION_DAYS", "365", env_values.days(1, LONGEST_DAYS)
        ),
        "report_catch_up_days": _parsed(env, "REPORT_CATCH_UP_DAYS", "9", env_values.days(1, 28)),
        "report_spread": _parsed(env, "REPORT_SPREAD", "30m", env_values.duration(0, DAY)),
        "token_ttl": _parsed(
            env, "API_TOKEN_TTL", "30d", env_values.duration(1, LONGEST_DAYS * DAY)
        ),
        "rates": {name: _rate(env, name, default) for name, default in API_RATES.items()},
        "num_proxies": _parsed(env, "NUM_PROXIES", "0", env_values.whole(0, 16)),
        # Empty is a statement here: any number.
        "max_active_runs": _parsed(
            env, "API_MAX_ACTIVE_RUNS", env.str("API_MAX_ACTIVE_RUNS", "2000"), env_values.most
        ),
        "worker_metrics_address": env.str("LLM_WORKER_METRICS_ADDRESS", "") or "127.0.0.1",
        # Empty is a statement here: no port at all.
        "worker_metrics_port": _parsed(
            env, "LLM_WORKER_METRICS_PORT", env.str("LLM_WORKER_METRICS_PORT", "0"), env_values.port
        ),
        "time_zone": _parsed(env, "TIME_ZONE", "UTC", env_values.time_zone),
        "mailer": _parsed(env, "EMAIL_URL", "", mailer_parse),
        "mail_sender": _parsed(
            env, "DEFAULT_FROM_EMAIL", "llmconfig@localhost", env_values.address
        ),
        "site_url": _parsed(env, "SITE_URL", "", env_values.site) or "",
        "secret_key": env.str("SECRET_KEY", "") or None,
        "allowed_hosts": tuple(env.list("ALLOWED_HOSTS", [])),
        "csrf_trusted_origins": tuple(env.list("CSRF_TRUSTED_ORIGINS", [])),
    }
    if env._errors:
        raise EnvironmentInvalid(
            [f"{name}: {' '.join(map(str, told))}" for name, told in env._errors.items()]
        )
    return Environment(home=home, **values)
