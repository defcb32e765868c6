"""What the doctor judges by: small values, gathered elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from llmconfig.stated_models import StatedModel


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong."""

    #: A stable word, see `workers.doctor.examination.TITLES`.
    code: str
    #: The model, server, worker or queue that it is about.
    subject: str
    text: str
    #: What to type against it, where that is known.
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Server:
    """A model server as one place sees it."""

    host: str
    #: A worker's name; "" for the machine on which the doctor runs.
    seen_by: str = ""
    #: What is worked on from there; None: anything.
    task_types: frozenset[str] | None = None
    #: Why it did not tell its models; "" when it did.
    error: str = ""
    version: str = ""
    #: What each model can do, by normalised name; None where that is not known.
    models: Mapping[str, tuple[str, ...] | None] = field(default_factory=dict)
    loaded: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Worker:
    """A worker as the registry tells of it."""

    name: str
    state: str
    version: str = ""
    queues: tuple[str, ...] = ()
    host: str = ""
    metrics_address: str = ""
    #: Since its last heartbeat.
    silent_seconds: int = 0


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything that could be gathered."""

    stated: tuple[StatedModel, ...] = ()
    servers: tuple[Server, ...] = ()
    workers: tuple[Worker, ...] = ()
    #: Rows of task types that are not registered, counted by type.
    ignored_rows: Mapping[str, int] = field(default_factory=dict)
    #: Mails that do not get through; "" for none.
    mails: str = ""
    #: What could not be gathered, and why.
    problems: tuple[Finding, ...] = ()
