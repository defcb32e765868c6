"""The one reader of environment variables: typed, complete in its complaints, never a traceback.

A variable wins; where it is absent, the addresses of the stack that runs from ``LLMCONFIG_HOME``
(``stack.json``) stand in, so that ``manage.py`` in a second terminal finds them.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.utils import formataddr, parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import environs
import psycopg
from django.core.exceptions import ImproperlyConfigured
from environs import validate
from psycopg.conninfo import conninfo_to_dict

from config.api.accounts.lifetimes import lifetime_parse
from config.api.throttles.rates import rate_parse
from config.mail import Mailer, mailer_parse

PROJECT = Path(__file__).resolve().parent.parent
OLLAMA_PORT = 11434

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
    shutdown_grace_seconds: float
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


def normalise_host(value: str) -> str:
    """``OLLAMA_HOST`` as a base URL: scheme and port added, no trailing slash.

    Accepts what Ollama accepts: ``host``, ``host:port`` and URLs. Raises ValueError.
    """
    url = urlsplit(value if "://" in value else f"http://{value}")
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise ValueError("accepted: host, host:port, http://host:port or https://host")
    hostname = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    port = url.port or {"https": 443}.get(url.scheme if "://" in value else "", OLLAMA_PORT)
    return f"{url.scheme}://{hostname}:{port}{url.path.rstrip('/')}"


def database_parameters(value: str) -> dict[str, str]:
    """A PostgreSQL URL as libpq parameters. Raises ValueError."""
    if not value.startswith(("postgres://", "postgresql://")):
        raise ValueError("accepted: postgresql://user:password@host:port/database")
    try:
        return {key: str(part) for key, part in conninfo_to_dict(value).items()}
    except psycopg.ProgrammingError as error:
        raise ValueError(f"not a PostgreSQL URL: {str(error).strip()}") from error


def _url(*schemes: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if urlsplit(value).scheme not in schemes:
            raise ValueError(f"accepted: a URL with {', '.join(s + '://' for s in schemes)}")
        return value

    return parse


def _time_zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError("accepted: a name of the IANA database, for example Europe/Berlin")
    return value


def _port(value: str) -> int:
    if not (value.isascii() and value.isdecimal() and int(value) <= 65_535):
        raise ValueError("accepted: a port from 1 to 65535, 0 for any free one, or empty for none")
    return int(value)


def _lifetime(value: str) -> timedelta:
    return lifetime_parse(f"{value}s" if value.isdecimal() else value)


def _spread(value: str) -> timedelta:
    spread = timedelta() if value in {"0", "0s"} else _lifetime(value)
    if spread > timedelta(days=1):
        raise ValueError("accepted: at most 1d")
    return spread


def _rate(env: "_Env", name: str, default: str) -> str:
    """The text, when it is a rate. Empty is a statement here: no limit."""
    value: str = env.str(name, default)
    try:
        rate_parse(value)
    except ValueError as error:
        env._errors[name].append(str(error))
    return value


def _most(value: str) -> int | None:
    if not (value.isascii() and value.isdecimal()):
        raise ValueError("accepted: a whole number, 0 or empty for no limit")
    return int(value) or None


def _address(value: str) -> str:
    name, address = parseaddr(value)
    if "@" not in address or "\n" in value or "\r" in value:
        raise ValueError("accepted: an address for mail, or Name <address>")
    return formataddr((name, address))


def _file(value: str) -> Path:
    try:
        return Path(value).expanduser()
    except RuntimeError as error:
        raise ValueError("a path that begins with ~ needs a home directory that exists") from error


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
        env, "REDIS_URL", "redis://127.0.0.1:6379/0", _url("redis", "rediss", "unix")
    )
    values = {
        "database": _parsed(env, "DATABASE_URL", "", database_parameters),
        "redis_url": redis_url,
        "broker_url": _parsed(
            env,
            "CELERY_BROKER_URL",
            redis_url or "redis://",
            _url("redis", "rediss", "amqp", "amqps", "pyamqp"),
        ),
        "ollama_host": _parsed(env, "OLLAMA_HOST", "127.0.0.1", normalise_host),
        "llm_config_file": _parsed(
            env, "LLM_CONFIG_FILE", str(PROJECT / "config" / "llm.yaml"), _file
        ),
        "llm_variables": {
            name: value for name in LLM_VARIABLES if (value := env.str(name, None)) is not None
        },
        "request_layer": env.bool("LLM_ALLOW_REQUEST_LAYER", False),
        "cache_namespace": env.str("LLM_CACHE_NAMESPACE", ""),
        "worker_concurrency": env.int(
            "LLM_WORKER_CONCURRENCY", 4, validate=validate.Range(min=1, max=256)
        ),
        "shutdown_grace_seconds": env.float(
            "LLM_SHUTDOWN_GRACE_SECONDS", 20, validate=validate.Range(min=0, max=3600)
        ),
        "run_retention_days": env.int(
            "RUN_RETENTION_DAYS", 90, validate=validate.Range(min=1, max=36_500)
        ),
        "audit_retention_days": env.int(
            "AUDIT_RETENTION_DAYS", 365, validate=validate.Range(min=1, max=36_500)
        ),
        "report_catch_up_days": env.int(
            "REPORT_CATCH_UP_DAYS", 9, validate=validate.Range(min=1, max=28)
        ),
        "report_spread": _parsed(env, "REPORT_SPREAD", "30m", _spread),
        "token_ttl": _parsed(env, "API_TOKEN_TTL", "30d", _lifetime),
        "rates": {name: _rate(env, name, default) for name, default in API_RATES.items()},
        "num_proxies": env.int("NUM_PROXIES", 0, validate=validate.Range(min=0, max=16)),
        # Empty is a statement here: any number.
        "max_active_runs": _parsed(
            env, "API_MAX_ACTIVE_RUNS", env.str("API_MAX_ACTIVE_RUNS", "2000"), _most
        ),
        "worker_metrics_address": env.str("LLM_WORKER_METRICS_ADDRESS", "") or "127.0.0.1",
        # Empty is a statement here: no port at all.
        "worker_metrics_port": _parsed(
            env, "LLM_WORKER_METRICS_PORT", env.str("LLM_WORKER_METRICS_PORT", "0"), _port
        ),
        "time_zone": _parsed(env, "TIME_ZONE", "UTC", _time_zone),
        "mailer": _parsed(env, "EMAIL_URL", "", mailer_parse),
        "mail_sender": _parsed(env, "DEFAULT_FROM_EMAIL", "llmconfig@localhost", _address),
        "site_url": (_parsed(env, "SITE_URL", "", _url("http", "https")) or "").rstrip("/"),
        "secret_key": env.str("SECRET_KEY", "") or None,
        "allowed_hosts": tuple(env.list("ALLOWED_HOSTS", [])),
        "csrf_trusted_origins": tuple(env.list("CSRF_TRUSTED_ORIGINS", [])),
    }
    if env._errors:
        raise EnvironmentInvalid(
            [f"{name}: {' '.join(map(str, told))}" for name, told in env._errors.items()]
        )
    return Environment(home=home, **values)
