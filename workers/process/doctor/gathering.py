"""Gathering of the doctor's facts. A part that fails to answer becomes a finding, not an error."""

from collections.abc import Collection, Iterable
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.utils.translation import gettext as _

from llmconfig.layers.static import static_config
from llmconfig.resolution.stated_models import (
    StatedModel,
    models_stated,
    models_stated_static,
    unregistered_rows,
)
from llmconfig.resolution.unnamed_params import UnnamedParams, names_stored, unnamed_params
from llmconfig.resolution.window_lookup import window_of
from llmconfig.values.errors import ConfigurationError
from llmconfig.values.model_names import normalise_model
from llmconfig.values.texts import printable
from llmconfig.values.windows import Window
from workers.gates.permits.selectors import PoolState, pool_states
from workers.process.dependency_checks import broker_problem, database_problem
from workers.process.doctor.facts import Facts, Finding, Server, Worker
from workers.process.extensions import doctor_checks
from workers.process.registry.announcement import task_types_served
from workers.process.registry.selectors import nodes
from workers.process.registry.survey import HostReport, Survey
from workers.runs.outcomes import one_line
from workers.runs.states import NodeState

LLM_CONFIG_FILE = "LLM_CONFIG_FILE"


def facts_gather() -> Facts:
    """Ask configuration, database, broker, the model server of the settings, and the registry."""
    problems = _last_good()
    stored = _stored(problems)
    stated = _stated(stored is not None, problems)
    registered, ignored, permits, extra = stored or ([], {}, [], [])
    if why := broker_problem():
        problems.append(Finding(code="broker_unreachable", subject=_("broker"), text=why))
    servers = (_asked(stated), *_reported(registered))
    return Facts(
        stated=stated,
        servers=servers,
        workers=tuple(worker_of(node) for node in registered),
        permits=tuple(permits),
        windows=windows_known(stated, servers),
        ignored_rows=ignored,
        unnamed_params=_unnamed_params(servers, with_rows=stored is not None),
        extra=tuple(extra),
        problems=tuple(problems),
    )


def server_of(report: HostReport, *, seen_by: str = "", queues: Collection[str] = ()) -> Server:
    """A look at a model server as the doctor reads it. Without ``queues``: for any work."""
    return Server(
        host=report.host,
        seen_by=seen_by,
        task_types=frozenset(task_types_served(queues)) if queues else None,
        error=report.error,
        version=report.version,
        models={normalise_model(each["name"]): _abilities(each) for each in report.models},
        loaded=frozenset(normalise_model(m["name"]) for m in report.models if m.get("loaded")),
        faults={normalise_model(m["name"]): m["fault"] for m in report.models if m.get("fault")},
        trained=_tokens(report, "context_length"),
        windows=_tokens(report, "context_window"),
    )


def windows_known(stated: Iterable[StatedModel], servers: Iterable[Server]) -> dict[str, Window]:
    """The window of each configured model; of several that it is loaded with, the smallest."""
    loaded: dict[str, int] = {}
    for server in servers:
        for model, tokens in server.windows.items():
            loaded[model] = min(tokens, loaded.get(model, tokens))
    return {
        model: window_of(model, loaded)
        for model in sorted({normalise_model(each.model) for each in stated})
    }


def worker_of(node: Any) -> Worker:
    """A row of the registry with its state."""
    return Worker(
        name=node.name,
        state=node.state,
        version=node.version,
        queues=tuple(node.queues),
        host=node.host,
        metrics_address=node.metrics_address,
        silent_seconds=int(node.silence.total_seconds()),
    )


def _stored(
    problems: list[Finding],
) -> tuple[list[Any], dict[str, int], list[PoolState], list[Finding]] | None:
    """Registered workers, ignored rows, permits and the checks of apps; None: no database."""
    why = database_problem()
    if not why:
        try:
            return list(nodes()), unregistered_rows(), pool_states(), _extra()
        except DatabaseError as error:
            why = one_line(str(error))
    problems.append(Finding(code="database_unusable", subject=_("database"), text=why))
    return None


def _extra() -> list[Finding]:
    found = ((check, check.look()) for check in doctor_checks)
    return [
        Finding(code=check.code, subject=str(check.subject), text=printable(text, 400))
        for check, text in found
        if text
    ]


def _stated(with_rows: bool, problems: list[Finding]) -> tuple[StatedModel, ...]:
    try:
        return models_stated() if with_rows else models_stated_static()
    except ConfigurationError as error:
        problems += [
            Finding(
                code="configuration_invalid",
                subject=": ".join(filter(None, (problem.place, problem.key))),
                text=problem.message.translate(_),
            )
            for problem in error.problems
        ]
    return ()


def _last_good() -> list[Finding]:
    """Mistakes of a file in whose place the last known good one is used."""
    try:
        last_good = static_config().last_good
    except ConfigurationError:
        return []
    if last_good is None:
        return []
    return [
        Finding(code="configuration_last_good", subject=LLM_CONFIG_FILE, text=each.translate(_))
        for each in last_good.sentences
    ]


def _unnamed_params(servers: Iterable[Server], *, with_rows: bool) -> tuple[UnnamedParams, ...]:
    try:
        static = static_config()
    except ConfigurationError:
        return ()
    names = {model for server in servers for model in server.models}
    if with_rows and unnamed_params(static, names):
        names |= names_stored()
    return unnamed_params(static, names)


def _asked(stated: Collection[StatedModel]) -> Server:
    configured = {normalise_model(each.model) for each in stated}
    return server_of(Survey(settings.OLLAMA_HOST).look(configured))


def _reported(registered: list[Any]) -> list[Server]:
    return [
        server_of(
            HostReport(
                host=node.host,
                version=node.host_version,
                error=node.host_error,
                models=tuple(node.known_models),
            ),
            seen_by=node.name,
            queues=node.queues,
        )
        for node in registered
        if node.state == NodeState.LIVE
    ]


def _tokens(report: HostReport, fact: str) -> dict[str, int]:
    return {normalise_model(m["name"]): m[fact] for m in report.models if m.get(fact)}


def _abilities(model: dict[str, Any]) -> tuple[str, ...] | None:
    told = model.get("capabilities")
    return None if told is None else tuple(told)
