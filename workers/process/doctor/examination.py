"""Examination: findings from facts, without any input or output."""

from collections.abc import Iterable, Iterator

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.utils.translation import ngettext as _n

from llmconfig.resolution.stated_models import StatedModel
from llmconfig.values.model_names import normalise_model
from llmconfig.values.texts import printable
from workers.process.doctor.facts import Facts, Finding, Server, Worker
from workers.process.doctor.uses import NamesOf, no_names, uses_text
from workers.process.extensions import doctor_checks
from workers.runs.states import NodeState

#: Every kind of finding, in the order in which they are told.
TITLES: dict[str, str | Promise] = {
    "configuration_invalid": gettext_lazy("The configuration cannot be used"),
    "configuration_last_good": gettext_lazy("The file cannot be used, and an earlier one is"),
    "database_unusable": gettext_lazy("The database cannot be used"),
    "broker_unreachable": gettext_lazy("The broker cannot be reached"),
    "model_server_unreachable": gettext_lazy("Model servers that do not answer, or refuse us"),
    "model_missing": gettext_lazy("Missing models"),
    "model_unusable": gettext_lazy("Models that are listed and cannot be shown or loaded"),
    "model_incapable": gettext_lazy("Models that cannot write text"),
    "model_not_allowed": gettext_lazy("Not allowed by LLM_ALLOWED_MODELS, and skipped"),
    "permits_overstated": gettext_lazy("Models whose host works on fewer tasks than stated"),
    "model_params_unnamed": gettext_lazy("Parameters of models that nothing else names"),
    "rows_ignored": gettext_lazy("Preferences of task types that are not registered, ignored"),
    "workers_differ": gettext_lazy("Workers of one queue that have different models"),
    "worker_gone": gettext_lazy("Workers that fell silent without stopping"),
    "window_small": gettext_lazy("Models that could hold longer prompts than they are given"),
}
#: What a model must be able to do for us, in Ollama's word.
NEEDED = "completion"

Uses = dict[str, list[StatedModel]]


def titles() -> dict[str, str | Promise]:
    """Title by code, in the order in which findings are shown; those of other apps come last."""
    return TITLES | {check.code: check.title for check in doctor_checks}


def examine(facts: Facts, names_of: NamesOf = no_names) -> list[Finding]:
    """Everything that is wrong, and warnings. ``names_of`` names some users of a model, to be told
    with it."""
    found = [
        *facts.problems,
        *_unreachable(facts),
        *_missing(facts, names_of),
        *_unusable(facts, names_of),
        *_incapable(facts, names_of),
        *_forbidden(facts, names_of),
        *_overstated(facts),
        *_unnamed(facts),
        *_ignored(facts),
        *_differing(facts),
        *facts.extra,
        *_gone(facts),
        *_small_windows(facts),
    ]
    order = list(titles())
    return sorted(found, key=lambda finding: (order.index(finding.code), finding.subject))


def models_used(stated: Iterable[StatedModel], *, allowed: bool = True) -> Uses:
    """The statements that policy allows, or those that it refuses, by normalised model."""
    uses: Uses = {}
    for each in stated:
        if each.allowed is allowed:
            uses.setdefault(normalise_model(each.model), []).append(each)
    return dict(sorted(uses.items()))


def lacking(uses: Iterable[StatedModel], model: str, servers: Iterable[Server]) -> list[Server]:
    """The servers that do not have a model which somebody needs there."""
    stated = list(uses)
    return [
        server
        for server in servers
        if not server.error
        and model not in server.models
        and any(_needed_at(each, server) for each in stated)
    ]


def _needed_at(stated: StatedModel, server: Server) -> bool:
    if stated.task_types is None or server.task_types is None:
        return True
    return not server.task_types.isdisjoint(stated.task_types)


def _unreachable(facts: Facts) -> Iterator[Finding]:
    reached = {server.host for server in facts.servers if not server.error}
    for server in facts.servers:
        # From where the doctor runs nobody generates: what its workers reach is reached.
        if server.error and (server.seen_by or server.host not in reached):
            by = _("from %(worker)s") % {"worker": server.seen_by} if server.seen_by else _("here")
            yield Finding(
                code="model_server_unreachable",
                subject=server.host,
                text=f"{by}: {printable(server.error, 200)}",
            )


def _overstated(facts: Facts) -> Iterator[Finding]:
    for pool in facts.permits:
        if pool.is_overstated:
            text = _(
                "%(stated)s at once are stated (LLM_HOST_CONCURRENCY or OLLAMA_NUM_PARALLEL); with"
                " %(queued)s open, one waited in the server's own queue. %(permits)s are used now."
            )
            counts = {"stated": pool.stated, "queued": pool.queued_at, "permits": pool.permits}
            yield Finding(
                code="permits_overstated", subject=f"{pool.model} @ {pool.host}", text=text % counts
            )


def _missing(facts: Facts, names_of: NamesOf) -> Iterator[Finding]:
    several = len({server.host for server in facts.servers if not server.error}) > 1
    for model, stated in models_used(facts.stated).items():
        servers = lacking(stated, model, facts.servers)
        needing = [each for each in stated if any(_needed_at(each, one) for one in servers)]
        hosts = sorted({server.host for server in servers}) if several else []
        where = _("not on %(hosts)s: ") % {"hosts": ", ".join(hosts)} if hosts else ""
        pull = f"ollama pull {_pulled(model, needing)}"
        if servers:
            yield Finding(
                code="model_missing",
                subject=model,
                text=where + uses_text(needing, names_of),
                commands=tuple(f"OLLAMA_HOST={host} {pull}" for host in hosts) or (pull,),
            )


def _pulled(model: str, stated: Iterable[StatedModel]) -> str:
    """The name to pull: other hosts than Ollama's may distinguish capital letters."""
    spelled = (each.model for each in stated)
    return next(spelled, model) if model.count("/") == 2 else model


def _unusable(facts: Facts, names_of: NamesOf) -> Iterator[Finding]:
    for model, stated in models_used(facts.stated).items():
        faults = {
            server.host: server.faults[model] for server in facts.servers if model in server.faults
        }
        for host, fault in faults.items():
            reason = printable(fault, 200)
            text = f"{host}: {reason}; {uses_text(stated, names_of)}"
            yield Finding(code="model_unusable", subject=model, text=text)


def _incapable(facts: Facts, names_of: NamesOf) -> Iterator[Finding]:
    for model, stated in models_used(facts.stated).items():
        told = [server.models.get(model) for server in facts.servers]
        abilities = next((each for each in told if each is not None), None)
        if abilities is not None and NEEDED not in abilities:
            can = _("it can do: %(words)s") % {"words": ", ".join(abilities) or "–"}
            yield Finding(
                code="model_incapable",
                subject=model,
                text=f"{can}; {uses_text(stated, names_of)}",
            )


def _forbidden(facts: Facts, names_of: NamesOf) -> Iterator[Finding]:
    for model, stated in models_used(facts.stated, allowed=False).items():
        yield Finding(code="model_not_allowed", subject=model, text=uses_text(stated, names_of))


def _unnamed(facts: Facts) -> Iterator[Finding]:
    for each in facts.unnamed_params:
        near = _("the nearest name is %(name)s") % {"name": each.nearest} if each.nearest else ""
        text = "; ".join(filter(None, (each.place, near)))
        yield Finding(code="model_params_unnamed", subject=printable(each.model), text=text)


def _ignored(facts: Facts) -> Iterator[Finding]:
    for task_type, count in facts.ignored_rows.items():
        yield Finding(
            code="rows_ignored",
            subject=printable(task_type),
            text=_n("%(count)s row", "%(count)s rows", count) % {"count": count},
        )


def _differing(facts: Facts) -> Iterator[Finding]:
    seen = {server.seen_by: server for server in facts.servers if not server.error}
    live = [each for each in facts.workers if each.state == NodeState.LIVE and each.name in seen]
    told: set[str] = set()
    for queue in sorted({queue for worker in live for queue in worker.queues}):
        mates = [seen[worker.name] for worker in live if queue in worker.queues]
        everything = {model for server in mates for model in server.models}
        gaps = [
            f"{server.seen_by} lacks {', '.join(sorted(everything - server.models.keys()))}"
            for server in mates
            if everything - server.models.keys()
        ]
        text = "; ".join(gaps)
        # A queue and its twin for low priority have the same workers: told once.
        if gaps and text not in told:
            told.add(text)
            yield Finding(code="workers_differ", subject=queue, text=text)


def _small_windows(facts: Facts) -> Iterator[Finding]:
    for model, window in facts.windows.items():
        trained = [server.trained[model] for server in facts.servers if model in server.trained]
        if trained and min(trained) > window.tokens:
            text = _(
                "%(tokens)s tokens (%(reason)s), trained for %(trained)s. In model_params, where a"
                " larger window takes more memory:"
            )
            told = {
                "tokens": window.tokens,
                "reason": window.reason.translate(_),
                "trained": min(trained),
            }
            yield Finding(
                code="window_small",
                subject=model,
                text=text % told,
                commands=(f'"{model}": {{context_window: {min(trained)}}}',),
                is_warning=True,
            )


def _gone(facts: Facts) -> Iterator[Finding]:
    for worker in facts.workers:
        if worker.state == NodeState.GONE:
            yield Finding(code="worker_gone", subject=worker.name, text=_silence(worker))


def _silence(worker: Worker) -> str:
    minutes = max(1, round(worker.silent_seconds / 60))
    text = _n("no heartbeat for %(count)s minute", "no heartbeat for %(count)s minutes", minutes)
    return text % {"count": minutes}
