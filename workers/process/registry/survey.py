"""Survey of a model server: its version, models and windows, without generating.

``/api/show`` is asked for configured models alone, once for each digest. A model that is listed and
cannot be shown, or that this process could not have loaded, is reported with the reason. A server
that does not answer keeps its last known models, none of them loaded.
"""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from llmconfig.values.model_names import normalise_model
from workers.backends import load_faults, ollama
from workers.backends.ollama import InstalledModel, ModelDetails
from workers.runs.outcomes import AttemptFailed, Cause, one_line

#: For one look at a server, all questions together.
LOOK_SECONDS = 5.0
LISTING_SECONDS = 3.0
QUESTION_SECONDS = 2.0
#: A server with more tells the first of them.
MAX_MODELS = 500
VERSION_LENGTH = 50

FAULT_LENGTH = 200
#: Failures to show a model that blame the model, not the way to the host.
FAULTS_OF_THE_MODEL = frozenset(
    {Cause.MODEL_MISSING, Cause.SERVER_ERROR, Cause.CANNOT_LOAD, Cause.INVALID_REQUEST}
)

UNKNOWN = ModelDetails(context_length=None, capabilities=None)


@dataclass(frozen=True, kw_only=True)
class HostReport:
    """One look at one model server."""

    host: str
    #: "" where it does not tell one.
    version: str = ""
    #: Why it did not tell its models; "" when it did.
    error: str = ""
    #: As they are stored and shown: name, size (bytes), digest, context_length (trained for),
    #: capabilities, loaded, context_window (loaded with), fault (why it cannot be used, or "").
    models: tuple[dict[str, Any], ...] = ()

    def names(self) -> set[str]:
        """The models' normalised names."""
        return {normalise_model(model["name"]) for model in self.models}


class Survey:
    """Looks at one host again and again, and remembers what it need not ask twice."""

    def __init__(self, host: str) -> None:
        self.report = HostReport(host=host)
        self._details: dict[tuple[str, str], ModelDetails] = {}
        self._digests: dict[str, str] = {}
        self._end = 0.0

    def look(self, configured: Collection[str]) -> HostReport:
        """Ask the host. ``configured`` are the normalised names of the models to describe."""
        self._end = time.monotonic() + LOOK_SECONDS
        try:
            self.report = self._asked(configured)
        except AttemptFailed as failed:
            unloaded = {"loaded": False, "context_window": None}
            known = tuple({**model, **unloaded} for model in self.report.models)
            self.report = HostReport(
                host=self.report.host,
                version=self.report.version,
                error=failed.reason,
                models=known,
            )
        return self.report

    def _asked(self, configured: Collection[str]) -> HostReport:
        host = self.report.host
        listed = ollama.installed(host, timeout_seconds=self._left(LISTING_SECONDS))[:MAX_MODELS]
        loaded = self._loaded()
        answer = ollama.probe(host, timeout_seconds=self._left())
        version = answer.version or self.report.version
        self._forget_all_but(listed)
        return HostReport(
            host=host,
            version=one_line(version, VERSION_LENGTH),
            models=tuple(
                self._entry(model, configured, loaded)
                for model in sorted(listed, key=lambda model: model.name)
            ),
        )

    def _entry(
        self,
        model: InstalledModel,
        configured: Collection[str],
        loaded: Mapping[str, int | None],
    ) -> dict[str, Any]:
        details, fault = self._described(model, configured)
        fault = fault or load_faults.reason_of(self.report.host, model.name)
        name = normalise_model(model.name)
        return {
            "name": model.name,
            "size": model.size_bytes,
            "digest": model.digest,
            "context_length": details.context_length,
            "capabilities": None if details.capabilities is None else list(details.capabilities),
            "loaded": name in loaded,
            "context_window": loaded.get(name),
            "fault": "" if name in loaded else one_line(fault, FAULT_LENGTH),
        }

    def _loaded(self) -> dict[str, int | None]:
        try:
            loaded = ollama.loaded(self.report.host, timeout_seconds=self._left())
        except AttemptFailed:
            return {}
        return {normalise_model(name): window for name, window in loaded.items()}

    def _described(
        self, model: InstalledModel, configured: Collection[str]
    ) -> tuple[ModelDetails, str]:
        """What the host tells of a model, and why it tells nothing if that is the model's fault."""
        key = (model.name, model.digest)
        if key not in self._details:
            if normalise_model(model.name) not in configured or self._left() <= 0:
                return UNKNOWN, ""
            try:
                self._details[key] = ollama.described(
                    self.report.host, model.name, timeout_seconds=self._left()
                )
            except AttemptFailed as failed:
                return UNKNOWN, failed.reason if failed.cause in FAULTS_OF_THE_MODEL else ""
        return self._details[key], ""

    def _forget_all_but(self, listed: Collection[InstalledModel]) -> None:
        keys = {(model.name, model.digest) for model in listed}
        self._details = {key: self._details[key] for key in keys & self._details.keys()}
        for model in listed:
            if self._digests.get(model.name, model.digest) != model.digest:
                load_faults.clear(self.report.host, model.name)
        self._digests = {model.name: model.digest for model in listed}

    def _left(self, most: float = QUESTION_SECONDS) -> float:
        return max(0.0, min(most, self._end - time.monotonic()))
