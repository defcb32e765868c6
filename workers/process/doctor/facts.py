"""Facts and findings of the doctor: small frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from llmconfig.resolution.stated_models import StatedModel
from llmconfig.resolution.unnamed_params import UnnamedParams
from llmconfig.values.windows import Window
from workers.gates.permits.selectors import PoolState


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong, or could be better."""

    #: A stable word, see `workers.process.doctor.examination.TITLES`.
    code: str
    #: The model, server, worker or queue that it is about.
    subject: str
    text: str
    #: What to type, or to write into the configuration, where that is known.
    commands: tuple[str, ...] = ()
    #: It works as it is, and could work better.
    is_warning: bool = False


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
    #: Why a model cannot be used although it is listed, by normalised name.
    faults: Mapping[str, str] = field(default_factory=dict)
    #: Tokens that models were trained for, and that they are loaded with, by normalised name.
    trained: Mapping[str, int] = field(default_factory=dict)
    windows: Mapping[str, int] = field(default_factory=dict)


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
    #: Permits of each (host, model) that was used.
    permits: tuple[PoolState, ...] = ()
    #: Context windows of the configured models, by normalised name.
    windows: Mapping[str, Window] = field(default_factory=dict)
    #: Rows of task types that are not registered, counted by type.
    ignored_rows: Mapping[str, int] = field(default_factory=dict)
    #: ``model_params`` of models that nothing else names.
    unnamed_params: tuple[UnnamedParams, ...] = ()
    #: What the checks of other apps found.
    extra: tuple[Finding, ...] = ()
    #: What could not be gathered, and why.
    problems: tuple[Finding, ...] = ()
