"""Facts of the status page: small frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass

DATABASE = "database"
#: What the service is made of besides its own processes.
PARTS = (DATABASE, "redis", "broker", "model_server")


@dataclass(frozen=True, kw_only=True)
class QueueFacts:
    """A queue and its runs that could be worked on now."""

    name: str
    depth: int
    #: How long the first of them has waited; None where none waits.
    oldest_waiting_seconds: int | None
    paused: bool
    live_workers: int


@dataclass(frozen=True, kw_only=True)
class WorkerFacts:
    """A worker of the registry that has not stopped."""

    name: str
    #: ``live`` or ``gone``.
    state: str
    queues: tuple[str, ...]
    #: Since its last heartbeat.
    silent_seconds: int


@dataclass(frozen=True, kw_only=True)
class BreakerFacts:
    """A breaker that is not closed."""

    host: str
    model: str
    state: str
    failures: int
    last_reason: str


@dataclass(frozen=True, kw_only=True)
class PermitFacts:
    """How many attempts may be open at once on a model of a host, and how many are."""

    host: str
    model: str
    permits: int
    #: Whether the settings state the number; else it is learned.
    stated: bool
    held: int
    waiting: int


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What the database tells."""

    queues: tuple[QueueFacts, ...] = ()
    workers: tuple[WorkerFacts, ...] = ()
    breakers: tuple[BreakerFacts, ...] = ()
    permits: tuple[PermitFacts, ...] = ()
    #: Why mails wait, "" where none does; None where no mail server is named.
    mail_problem: str | None = None


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything. ``stored`` is None while the database does not tell."""

    #: By part: "" where it answers, else why not.
    problems: Mapping[str, str]
    stored: Stored | None
