"""Responses of the metrics server: status, content type and body for each path."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from prometheus_client.exposition import choose_encoder

from workers.background_thread import BackgroundThread
from workers.metrics.instruments import REGISTRY
from workers.process.metrics_server.watch import Watch
from workers.process.registry.missing import Missing


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One response."""

    status: HTTPStatus
    content_type: str
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Answers:
    """By path: ``/healthz``, ``/readyz`` and ``/metrics``."""

    #: The threads that have to turn, as they are at the moment of the question.
    threads: Callable[[], Iterable[BackgroundThread]]
    watch: Watch
    #: The last look at the models; None: there was none yet.
    missing: Callable[[], Missing | None]

    def to(self, path: str, accept: str = "") -> Answer:
        """The answer to GET ``path``; ``accept`` is the request's header of that name."""
        match path:
            case "/healthz":
                return _answer({one.name: "ok" if one.turns else "stuck" for one in self.threads()})
            case "/readyz":
                return self._readiness()
            case "/metrics":
                encode, content_type = choose_encoder(accept)
                return Answer(
                    status=HTTPStatus.OK,
                    content_type=content_type,
                    body=encode(REGISTRY),
                )
        return Answer(
            status=HTTPStatus.NOT_FOUND,
            content_type="text/plain; charset=utf-8",
            body=b"There are /healthz, /readyz and /metrics.\n",
        )

    def _readiness(self) -> Answer:
        """A model may be missing; a task type of which there is neither model nor fallback makes
        the worker not ready."""
        missing = self.missing()
        if missing is None:
            return _answer({**self.watch.parts, "models": "unknown"})
        word = "missing" if missing.task_types else "ok"
        return _answer(
            {**self.watch.parts, "models": word},
            missing_models=list(missing.models),
            task_types_without_model=list(missing.task_types),
        )


def _answer(parts: Mapping[str, str], **facts: Any) -> Answer:
    """200 ``{"status": "ok", part: "ok"}``, or 503 with what is not ok; and facts beside that."""
    fine = all(state == "ok" for state in parts.values())
    told = {"status": "ok" if fine else "unavailable", **parts, **facts}
    return Answer(
        status=HTTPStatus.OK if fine else HTTPStatus.SERVICE_UNAVAILABLE,
        content_type="application/json",
        body=json.dumps(told).encode(),
    )
