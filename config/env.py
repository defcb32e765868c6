"""The one reader of environment variables: typed, complete in its complaints, never a traceback.

``config.variables`` finds the texts; this is the list of variables, their defaults and their kinds.
No message and no representation holds a secret or a part of one.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from config import env_values
from config.api.throttles.rates import rate_parse
from config.mail import Mailer, mailer_parse
from config.process_start import process_start
from config.variables.broker import Broker
from config.variables.database import Parameters
from config.variables.https import https_read
from config.variables.ollama import Ollama
from config.variables.reading import Variables
from config.variables.redis import Redis
from config.variables.servers import servers_read
from config.variables.web import hosts_parse, origins_parse, path_parse, site_parse
from llmconfig.values.durations import DAY

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
    #: neither variables nor a running stack name a database.
    database: Parameters | None = field(repr=False)
    redis: Redis
    #: Before the name of every key; "" for none.
    redis_key_prefix: str
    broker: Broker
    ollama: Ollama
    #: The model server's own, where it is set for it too; None: its default.
    ollama_context_length: int | None
    llm_config_file: Path
    #: ``stop``, or ``last_good``: what a file with a mistake leads to.
    llm_config_on_error: str
    llm_variables: Mapping[str, str]
    request_layer: bool
    #: Whether preferences may name only models that a live worker has.
    require_present_models: bool
    #: Which processes share cached configurations; "": those that name the database alike.
    cache_namespace: str
    worker_concurrency: int
    #: What a worker's row in the registry says beside what the worker knows.
    worker_metadata: Mapping[str, Any]
    #: Attempts that the model server works on at once, of each model; None: learned.
    host_concurrency: int | None
    #: Where a worker serves its health and metrics; port 0: any free one, None: nowhere.
    worker_metrics_address: str
    worker_metrics_port: int | None
    #: How long a worker that stops lets its generations run on.
    shutdown_grace_seconds: int
    run_retention_days: int
    #: Of one user, before the API accepts no more; None: any number.
    max_active_runs: int | None
    #: Of one user, open in one web process; None: any number.
    max_event_streams: int | None
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
    mailer: Mailer | None = field(repr=False)
    mail_sender: str
    #: Where people reach the pages, without a slash at its end; "": mails have no links.
    site_url: str
    #: None where it is not set: development makes one, production refuses.
    secret_key: str | None = field(repr=False)
    #: Every password and key, decoded, to keep them out of what is shown.
    secrets: frozenset[str] = field(repr=False)
    #: Variables with a secret that begins and ends with a quote.
    quoted: tuple[str, ...]
    allowed_hosts: tuple[str, ...]
    csrf_trusted_origins: tuple[str, ...]
    #: The path that the service lies below, without a slash at its end; "" for none.
    script_name: str
    #: Of production: whether HTTP is sent to HTTPS, and cookies go over HTTPS alone.
    ssl_redirect: bool
    secure_cookies: bool
    #: For how long browsers come by HTTPS alone (HSTS); 0: no such promise.
    hsts_seconds: int
    hsts_subdomains: bool
    hsts_preload: bool

    @property
    def redis_url(self) -> str:
        """For redis-py."""
        return self.redis.url()

    @property
    def broker_url(self) -> str:
        """For Celery."""
        return self.broker.url

    @property
    def ollama_host(self) -> str:
        """Without credentials."""
        return self.ollama.host


def home_directory(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the embedded parts keep their data: ``LLMCONFIG_HOME``, else ``.local`` here.

    Raises ``EnvironmentInvalid``.
    """
    try:
        return env_values.file(environ.get("LLMCONFIG_HOME") or f"{PROJECT}/.local").resolve()
    except ValueError as error:
        raise EnvironmentInvalid([f"LLMCONFIG_HOME: {error}"]) from None


def running_stack(home: Path) -> dict[str, Any] | None:
    """The contents of ``stack.json`` while the process that wrote it lives, else None."""
    try:
        state = json.loads((home / "stack.json").read_text())
        os.kill(state["pid"], 0)
        lives = state["start"] == process_start(state["pid"])
    except (OSError, OverflowError, ValueError, KeyError, TypeError):
        return None
    return state if lives and isinstance(state.get("environment"), dict) else None


def read(environ: Mapping[str, str] = os.environ) -> Environment:
    """Read everything once. Raises ``EnvironmentInvalid`` with every problem."""
    home = home_directory(environ)
    stack = running_stack(home)
    variables = Variables(environ, stack["environment"] if stack else {})
    values = _values(variables)
    if problems := variables.problems:
        raise EnvironmentInvalid(problems)
    secrets = {*variables.secrets(), values["ollama"].authorization} - {""}
    return Environment(home=home, secrets=frozenset(secrets), quoted=variables.quoted(), **values)


def names() -> frozenset[str]:
    """Every variable that is read, without those that name a file with a secret."""
    variables = Variables({}, {})
    _values(variables)
    return frozenset({*variables.names, "LLMCONFIG_HOME"})


def _values(variables: Variables) -> dict[str, Any]:
    return {
        **servers_read(variables),
        **_models(variables),
        **_workers(variables),
        **_api(variables),
        **_mails(variables),
        **_web(variables),
    }


def _models(variables: Variables) -> dict[str, Any]:
    default_file = str(PROJECT / "config" / "llm.yaml")
    texts = {name: variables.stated(name) for name in LLM_VARIABLES}
    return {
        # As Ollama reads it: 0 states none.
        "ollama_context_length": variables.parsed(
            "OLLAMA_CONTEXT_LENGTH", "0", env_values.whole(0, 2**20)
        )
        or None,
        "llm_config_file": variables.parsed("LLM_CONFIG_FILE", default_file, env_values.file),
        "llm_config_on_error": variables.parsed(
            "LLM_CONFIG_ON_ERROR", "stop", env_values.one_of("stop", "last_good")
        ),
        "llm_variables": {name: text for name, text in texts.items() if text is not None},
        "request_layer": variables.parsed("LLM_ALLOW_REQUEST_LAYER", "true", env_values.flag),
        "require_present_models": variables.parsed(
            "LLM_REQUIRE_PRESENT_MODELS", "false", env_values.flag
        ),
        "cache_namespace": variables.parsed("LLM_CACHE_NAMESPACE", "", env_values.plain) or "",
    }


def _workers(variables: Variables) -> dict[str, Any]:
    return {
        "worker_concurrency": variables.parsed(
            "LLM_WORKER_CONCURRENCY", "4", env_values.whole(1, 256)
        ),
        "worker_metadata": variables.parsed("LLM_WORKER_METADATA", "{}", env_values.json_object),
        "host_concurrency": variables.parsed("LLM_HOST_CONCURRENCY", "", env_values.whole(1, 1024))
        or variables.parsed("OLLAMA_NUM_PARALLEL", "", env_values.most),
        "shutdown_grace_seconds": variables.parsed(
            "LLM_SHUTDOWN_GRACE_SECONDS", "20", env_values.seconds(0, 3600)
        ),
        "worker_metrics_address": variables.parsed(
            "LLM_WORKER_METRICS_ADDRESS", "127.0.0.1", env_values.listening
        ),
        # Empty is a statement here: no port at all.
        "worker_metrics_port": variables.parsed(
            "LLM_WORKER_METRICS_PORT",
            "" if variables.stated("LLM_WORKER_METRICS_PORT") == "" else "0",
            env_values.port,
        ),
        "run_retention_days": variables.parsed(
            "RUN_RETENTION_DAYS", "90", env_values.days(1, LONGEST_DAYS)
        ),
        "audit_retention_days": variables.parsed(
            "AUDIT_RETENTION_DAYS", "365", env_values.days(1, LONGEST_DAYS)
        ),
    }


def _api(variables: Variables) -> dict[str, Any]:
    return {
        "token_ttl": variables.parsed(
            "API_TOKEN_TTL", "30d", env_values.duration(1, LONGEST_DAYS * DAY)
        ),
        "rates": {name: _rate(variables, name, rate) for name, rate in API_RATES.items()},
        "max_active_runs": _most(variables, "API_MAX_ACTIVE_RUNS", "2000"),
        "max_event_streams": _most(variables, "API_MAX_EVENT_STREAMS", "100"),
        "num_proxies": variables.parsed("NUM_PROXIES", "0", env_values.whole(0, 16)),
    }


def _most(variables: Variables, name: str, default: str) -> int | None:
    """The bound, or None. Empty is a statement here: any number."""
    default = "" if variables.stated(name) == "" else default
    most: int | None = variables.parsed(name, default, env_values.most)
    return most


def _rate(variables: Variables, name: str, default: str) -> str:
    """The text, when it is a rate. Empty is a statement here: no limit."""
    stated = variables.stated(name)
    try:
        rate_parse(stated or "")
    except ValueError as error:
        variables.problem(name, str(error))
    return default if stated is None else stated


def _mails(variables: Variables) -> dict[str, Any]:
    password = variables.secret("EMAIL_PASSWORD")
    mailer = variables.parsed("EMAIL_URL", "", lambda text: mailer_parse(text, password))
    if mailer and not variables.stated("DEFAULT_FROM_EMAIL"):
        variables.problem(
            "DEFAULT_FROM_EMAIL",
            "not set, and EMAIL_URL names a mail server, which has to accept the sender; accepted:"
            " an address for mail, as me@app.example or Reports <me@app.example>",
        )
    return {
        "mailer": mailer,
        "mail_sender": variables.parsed(
            "DEFAULT_FROM_EMAIL", "llmconfig@localhost", env_values.address
        ),
        "site_url": variables.parsed("SITE_URL", "", site_parse) or "",
        "report_catch_up_days": variables.parsed(
            "REPORT_CATCH_UP_DAYS", "9", env_values.days(1, 28)
        ),
        "report_spread": variables.parsed("REPORT_SPREAD", "30m", env_values.duration(0, DAY)),
        "time_zone": variables.parsed("TIME_ZONE", "UTC", env_values.time_zone),
    }


def _web(variables: Variables) -> dict[str, Any]:
    return {
        "secret_key": variables.secret("SECRET_KEY") or None,
        "allowed_hosts": variables.parsed("ALLOWED_HOSTS", "", hosts_parse) or (),
        "csrf_trusted_origins": variables.parsed("CSRF_TRUSTED_ORIGINS", "", origins_parse) or (),
        "script_name": variables.parsed("FORCE_SCRIPT_NAME", "", path_parse) or "",
        **https_read(variables),
    }
