"""Heartbeat thread: keeps this worker's row in the registry."""

import logging
import time
import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import connection

from llmconfig.layers.static import file_keep
from llmconfig.resolution.stated_models import models_stated
from llmconfig.values.model_names import normalise_model
from workers.background_thread import BackgroundThread
from workers.metrics import labels
from workers.process.doctor.summary import summary
from workers.process.registry.announcement import Announcement, default_config
from workers.process.registry.missing import Missing, missing_find
from workers.process.registry.nodes import node_beat, node_register, node_stop, nodes_prune
from workers.process.registry.survey import HostReport, Survey

logger = logging.getLogger(__name__)

#: The model server is looked at every so many heartbeats; at each while it does not answer.
BEATS_PER_LOOK = 3
BEATS_PER_PRUNING = 360
STOP_SECONDS = 6.0


class Registrar(BackgroundThread):
    """Registers a worker, keeps its row until it is stopped, and says then that it ended."""

    every_seconds: ClassVar[float] = 10.0

    def __init__(self, announcement: Announcement) -> None:
        super().__init__("registrar")
        self._queues = announcement.queues
        self._node = announcement.name
        self._instance = uuid.uuid4()
        self._survey = Survey(settings.OLLAMA_HOST)
        self._announced: dict[str, Any] = announcement.fields()
        #: What the row is known to hold; empty while it may not be there.
        self._written: dict[str, Any] = {}
        self._beats = 0
        self._told = False
        #: What the last look at a model server that answers found; None: none has answered yet.
        self.missing: Missing | None = None
        self._written_at = time.monotonic()

    @property
    def age_seconds(self) -> float:
        """Since the last written heartbeat, or since the start."""
        return time.monotonic() - self._written_at

    def run(self) -> None:
        self.look()
        super().run()
        self.look()

    def stop(self) -> None:
        """Say that the worker ends. Returns when that is written, or after some seconds."""
        super().stop()
        self.join(STOP_SECONDS)

    def tick(self) -> None:
        """One heartbeat; the last one says that there are no more."""
        if self._stopped.is_set():
            node_stop(name=self._node, instance=self._instance)
            return
        if not self._written:
            self._write()
        if self._beats % BEATS_PER_LOOK == 0 or self._survey.report.error:
            self._survey_models()
        self._write()
        if self._beats % BEATS_PER_PRUNING == 0:
            nodes_prune()
        self._beats += 1

    def _survey_models(self) -> None:
        stated = models_stated()
        self._announced["default_config"] = default_config(self._queues)
        # A server that hangs must not hold a connection of the pool.
        connection.close()
        report = self._survey.look({normalise_model(each.model) for each in stated})
        self._announced |= _stored(report)
        labels.know(each.model for each in stated if not each.users)
        labels.know(sorted(report.names()))
        defaults = self._announced["default_config"]
        if not report.error:
            self.missing = missing_find(stated, defaults, report.names())
        if not self._told:
            self._told = True
            without = self.missing.task_types if self.missing else ()
            told, fine = summary(stated, report, self._queues, without)
            logger.log(logging.INFO if fine else logging.WARNING, "%s", told)
            file_keep()

    def _write(self) -> None:
        changed = {
            name: value
            for name, value in self._announced.items()
            if name not in self._written or self._written[name] != value
        }
        if not self._written or not node_beat(name=self._node, instance=self._instance, **changed):
            node_register(name=self._node, instance=self._instance, **self._announced)
        self._written = dict(self._announced)
        self._written_at = time.monotonic()


def _stored(report: HostReport) -> dict[str, Any]:
    return {
        "host_version": report.version,
        "host_error": report.error,
        "known_models": list(report.models),
    }
