"""Settings that every environment shares. Values come from ``config.env`` alone."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import django_stubs_ext
from celery.schedules import crontab
from django.utils.translation import gettext_lazy as _
from django_celery_beat.tzcrontab import TzAwareCrontab

from config import env
from config.mail import settings_of
from config.settings import look
from config.variables.hidden import Hidden

# Generic classes of Django that are no generics at run time: admin.ModelAdmin[TaskRun].
django_stubs_ext.monkeypatch()

ENVIRONMENT = env.read()

BASE_DIR = env.PROJECT
LLMCONFIG_HOME = ENVIRONMENT.home
ALLOWED_HOSTS = list(ENVIRONMENT.allowed_hosts)
CSRF_TRUSTED_ORIGINS = list(ENVIRONMENT.csrf_trusted_origins)

INSTALLED_APPS = [
    *look.UNFOLD_APPS,
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "knox",
    "simple_history",
    "django_celery_beat",
    "llmconfig",
    "workers",
    "workers.reports",
    # Last: it wires Celery to what the apps above registered.
    "config",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.admin.addresses.plain_addresses",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    # Last: it tells what a view answered.
    "llmconfig.audit.middleware.audit",
]

UNFOLD = look.UNFOLD
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "admin:index"
LOGOUT_REDIRECT_URL = "login"

SESSION_ENGINE = "config.sessions"

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]


def _database(parameters: Mapping[str, str] | None) -> dict[str, Any]:
    if parameters is None:
        # Any use of it says that none is named; see config.startup.
        return {"ENGINE": "django.db.backends.dummy"}
    libpq = dict(parameters)
    several = "," in libpq.get("host", "")
    return {
        "ENGINE": "llmconfig.database",
        "NAME": libpq.pop("dbname", ""),
        "USER": libpq.pop("user", ""),
        "PASSWORD": Hidden(libpq.pop("password", "")),
        "HOST": libpq.pop("host", ""),
        "PORT": libpq.pop("port", ""),
        "OPTIONS": {
            "application_name": "llmconfig",
            "connect_timeout": 5,
            # A server that vanishes without a word, as at a failover, is noticed within 6 s.
            "keepalives_idle": 3,
            "keepalives_interval": 1,
            "keepalives_count": 3,
            "tcp_user_timeout": 5000,
            # Of several hosts the primary, wherever it is by now.
            **({"target_session_attrs": "read-write"} if several else {}),
            **libpq,
            # While the database is away the pool itself tries again after 1 and 2 s, and no
            # longer than somebody waits for a connection: what it would wait by default (up to
            # minutes) goes on when the database is back.
            "pool": {"min_size": 0, "max_size": 10, "timeout": 5, "reconnect_timeout": 5},
        },
    }


DATABASES = {"default": _database(ENVIRONMENT.database)}
DATABASE_NAMED = ENVIRONMENT.database is not None
# "The database cannot hold this constraint": said of the one that is not there.
SILENCED_SYSTEM_CHECKS = [] if DATABASE_NAMED else ["models.W047"]
REDIS_URL = Hidden(ENVIRONMENT.redis.url())
REDIS_KEY_PREFIX = ENVIRONMENT.redis_key_prefix

# What llmconfig reads
LLM_CONFIG_FILE = ENVIRONMENT.llm_config_file
LLM_CONFIG_ON_ERROR = ENVIRONMENT.llm_config_on_error
LLM_ENVIRON = dict(ENVIRONMENT.llm_variables)
LLM_ALLOW_REQUEST_LAYER = ENVIRONMENT.request_layer
LLM_REQUIRE_PRESENT_MODELS = ENVIRONMENT.require_present_models
LLM_CACHE_NAMESPACE = ENVIRONMENT.cache_namespace
OLLAMA_CONTEXT_LENGTH = ENVIRONMENT.ollama_context_length

# What workers read
OLLAMA_HOST = ENVIRONMENT.ollama.host
OLLAMA_AUTHORIZATION = Hidden(ENVIRONMENT.ollama.authorization)
LLM_WORKER_CONCURRENCY = ENVIRONMENT.worker_concurrency
LLM_HOST_CONCURRENCY = ENVIRONMENT.host_concurrency
LLM_WORKER_METADATA = dict(ENVIRONMENT.worker_metadata)
LLM_WORKER_METRICS_ADDRESS = ENVIRONMENT.worker_metrics_address
LLM_WORKER_METRICS_PORT = ENVIRONMENT.worker_metrics_port
LLM_SHUTDOWN_GRACE_SECONDS = ENVIRONMENT.shutdown_grace_seconds
RUN_RETENTION_DAYS = ENVIRONMENT.run_retention_days
API_MAX_ACTIVE_RUNS = ENVIRONMENT.max_active_runs
API_MAX_EVENT_STREAMS = ENVIRONMENT.max_event_streams
AUDIT_RETENTION_DAYS = ENVIRONMENT.audit_retention_days
REPORT_CATCH_UP_DAYS = ENVIRONMENT.report_catch_up_days
REPORT_SPREAD = ENVIRONMENT.report_spread

# Mails of reports
REPORT_MAIL = ENVIRONMENT.mailer is not None
DEFAULT_FROM_EMAIL = ENVIRONMENT.mail_sender
SITE_URL = ENVIRONMENT.site_url
if ENVIRONMENT.mailer is not None:
    globals().update(settings_of(ENVIRONMENT.mailer))

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = ENVIRONMENT.time_zone
FORMAT_MODULE_PATH = "config.formats"

# Below the path, which static files are served below as well (config.static_files).
FORCE_SCRIPT_NAME = ENVIRONMENT.script_name or None
STATIC_URL = "static/"
STATIC_ROOT = LLMCONFIG_HOME / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "config.static_files.Storage"},
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

DEFAULT_EXCEPTION_REPORTER = "config.exception_pages.Reporter"
DEFAULT_EXCEPTION_REPORTER_FILTER = "config.exception_pages.Filter"

REST_FRAMEWORK = {
    # The first is asked first: a bad token is refused whatever session there is.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "config.api.accounts.authentication.TokenAuthentication",
        "config.api.accounts.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["config.api.throttles.throttle.RateThrottle"],
    "NUM_PROXIES": ENVIRONMENT.num_proxies,
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "config.api.negotiation.ContentNegotiation",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["llmconfig.api.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "config.api.schema.Schema",
    "EXCEPTION_HANDLER": "llmconfig.api.problems.exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "llmconfig",
    "DESCRIPTION": "Background work with language models: tasks, their configuration, reports.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    # A test holds the description clean; a start need not make it.
    "ENABLE_DJANGO_DEPLOY_CHECK": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.api.schema_hooks.open_ones_say_so",
        "config.api.schema_hooks.events_add",
        "config.api.schema_hooks.links_add",
        "config.api.schema_hooks.problems_share",
    ],
    "TAGS": [
        {"name": "tasks", "description": "Work for a language model, in the background."},
        {"name": "configuration", "description": "Which model is used, and why."},
        {"name": "models", "description": "Which models there are."},
        {"name": "reports", "description": "A week's work in a report."},
        {"name": "auth", "description": "Tokens, and who is calling."},
        {"name": "status", "description": "How the service is."},
    ],
}
REST_KNOX = {
    "TOKEN_TTL": ENVIRONMENT.token_ttl,
    "TOKEN_LIMIT_PER_USER": 100,
    "AUTO_REFRESH": False,
}

# How often: per user, and per address (config.api.throttles)
API_RATE_READ = ENVIRONMENT.rates["API_RATE_READ"]
API_RATE_CONFIG_WRITE = ENVIRONMENT.rates["API_RATE_CONFIG_WRITE"]
API_RATE_SUBMIT = ENVIRONMENT.rates["API_RATE_SUBMIT"]
API_RATE_LOGIN = ENVIRONMENT.rates["API_RATE_LOGIN"]

# A body may hold a payload of 256 KB, JSON-escaped, and little else.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# Celery. Delivery rules: acknowledged late, one message held per slot, the row is the truth.
CELERY_BROKER_URL = Hidden(ENVIRONMENT.broker.url)
if ENVIRONMENT.broker.tls:
    CELERY_BROKER_USE_SSL = dict(ENVIRONMENT.broker.tls)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_TIMEOUT = 2
# What a Redis refuses (a replica, a full one) is an outage as well (config.celery_consumer).
CELERY_BROKER_CHANNEL_ERROR_RETRY = ENVIRONMENT.broker.is_redis
# Over Redis there is nothing to reduce, and Celery would log that it does not.
CELERY_WORKER_ENABLE_PREFETCH_COUNT_REDUCTION = not ENVIRONMENT.broker.is_redis
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # A broker that refuses is told within a fraction of a second: the row is stored, and published
    # by the sweeper. Without these, kombu tries for six seconds while the client waits.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.1,
    # Longer than the longest delivery, or Redis hands a message out twice. A socket that is silent
    # must not hold a request; workers wait longer (config.celery).
    **(
        {
            "visibility_timeout": 1800,
            "socket_timeout": 2,
            "socket_connect_timeout": 2,
            "global_keyprefix": REDIS_KEY_PREFIX,
        }
        if ENVIRONMENT.broker.is_redis
        else {"confirm_publish": True, "read_timeout": 2, "write_timeout": 2}
    ),
    **ENVIRONMENT.broker.options,
}
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_RESULT_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_CREATE_MISSING_QUEUES = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CONSUMER = "config.celery_consumer:Consumer"
CELERY_TIMEZONE = TIME_ZONE
CELERY_ENABLE_UTC = True
CELERY_BEAT_SCHEDULER = "config.beat.scheduler:Scheduler"
# Made where they are missing; staff change them in the admin (config.beat). The quarter of an hour
# is counted in UTC, where no hour is missing or comes twice.
CELERY_BEAT_SCHEDULE = {
    "prune": {"task": "llm.prune", "schedule": crontab(hour=3, minute=37)},
}
if "workers.reports" in INSTALLED_APPS:
    CELERY_BEAT_SCHEDULE["weekly-reports"] = {
        "task": "llm.enqueue_weekly_reports",
        "schedule": TzAwareCrontab(minute="*/15", tz=ZoneInfo("UTC")),
        # The next one finds whoever this one would have.
        "options": {"expire_seconds": 15 * 60},
    }

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        # It warns of each try to connect; llmconfig.database.outages has the cause once.
        "psycopg.pool": {"level": "ERROR"},
    },
}
