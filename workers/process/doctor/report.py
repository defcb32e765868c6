"""The doctor's words: aligned lines for a terminal, or one JSON object."""

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import chain, groupby, repeat
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext as _n

from llmconfig.values.texts import printable
from workers.gates.permits.selectors import PoolState
from workers.process.doctor.examination import lacking, models_used, titles
from workers.process.doctor.facts import Facts, Finding, Server, Worker
from workers.process.doctor.uses import uses_text
from workers.runs.states import NodeState

WIDTH = 100
LABEL = 15
LONGEST_SUBJECT = 34


def report_lines(facts: Facts, findings: Sequence[Finding]) -> Iterator[tuple[str, str]]:
    """Lines with their kind: ``fact``, ``title``, ``finding``, ``command``, ``good`` or ``bad``."""
    for server in _one_each(facts.servers):
        yield "fact", _row(_("Model server"), _server_text(server))
    yield "fact", _row(_("Workers"), _workers_text(facts))
    yield "fact", _row(_("Models"), _models_text(facts))
    for number, pool in enumerate(facts.permits):
        yield "fact", _row(_("Permits") if number == 0 else "", _permits_text(pool))
    for label, text in zip(chain([_("Windows")], repeat("")), _windows_text(facts), strict=False):
        yield "fact", _row(label, text)
    column = min(LONGEST_SUBJECT, max((len(each.subject) for each in findings), default=0)) + 2
    for code, group in groupby(findings, key=lambda finding: finding.code):
        yield "title", ""
        yield "title", str(titles()[code])
        for finding in group:
            yield from _finding(finding, column)
    yield "fact", ""
    wrong = len([finding for finding in findings if not finding.is_warning])
    told = _n("%(count)s thing is wrong.", "%(count)s things are wrong.", wrong) % {"count": wrong}
    yield ("bad", told) if wrong else ("good", _("Nothing is wrong."))


def report_json(facts: Facts, findings: Sequence[Finding]) -> dict[str, Any]:
    """The same for programs."""
    return {
        "ok": all(finding.is_warning for finding in findings),
        "findings": [
            {
                "code": f.code,
                "subject": f.subject,
                "text": f.text,
                "commands": list(f.commands),
                "warning": f.is_warning,
            }
            for f in findings
        ],
        "models": [
            {
                "name": model,
                "present": not lacking(stated, model, facts.servers),
                "context_window": facts.windows[model].to_wire() if facts.windows else None,
                "used_by": uses_text(stated),
            }
            for model, stated in models_used(facts.stated).items()
        ],
        "model_servers": [_server_json(server) for server in facts.servers],
        "permits": [asdict(pool) for pool in facts.permits],
        "workers": [
            {
                "name": worker.name,
                "state": str(worker.state),
                "version": worker.version,
                "queues": list(worker.queues),
                "host": worker.host,
                "metrics_address": _reached_at(worker),
            }
            for worker in facts.workers
        ],
    }


def _reached_at(worker: Worker) -> str | None:
    """Where only a live worker answers."""
    return worker.metrics_address or None if worker.state == NodeState.LIVE else None


def _server_json(server: Server) -> dict[str, Any]:
    return {
        "host": server.host,
        "seen_by": server.seen_by or None,
        "error": server.error or None,
        "version": server.version or None,
        "models": sorted(server.models),
        "loaded": sorted(server.loaded),
    }


def _finding(finding: Finding, column: int) -> Iterator[tuple[str, str]]:
    first = f"  {finding.subject:<{column}}"
    later = " " * (column + 2)
    wrapped = textwrap.wrap(
        finding.text, WIDTH, initial_indent=first, subsequent_indent=later,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
    yield from (("finding", line) for line in wrapped or [first.rstrip()])
    yield from (("command", f"{later}{command}") for command in finding.commands)


def _row(label: str, text: str) -> str:
    return f"{label:<{LABEL}}{text}"


def _one_each(servers: Sequence[Server]) -> Iterator[Server]:
    """Each host once, as somebody sees it whom it answers."""
    for host in dict.fromkeys(server.host for server in servers):
        seen = [server for server in servers if server.host == host]
        yield next((server for server in seen if not server.error), seen[0])


def _server_text(server: Server) -> str:
    if server.error:
        problem = {"host": server.host, "reason": printable(server.error, 100)}
        return _("%(host)s  cannot be used: %(reason)s") % problem
    counted = _n("%(count)s model", "%(count)s models", len(server.models))
    loaded = _("%(count)s loaded") % {"count": len(server.loaded)}
    told = [server.host, server.version, counted % {"count": len(server.models)} + f", {loaded}"]
    return "  ".join(filter(None, told))


def _workers_text(facts: Facts) -> str:
    states = Counter(str(worker.state) for worker in facts.workers)
    names = {"live": _("live"), "gone": _("gone"), "stopped": _("stopped")}
    told = [f"{states[state]} {name}" for state, name in names.items() if states[state]]
    return ", ".join(told) or _("none")


def _permits_text(pool: PoolState) -> str:
    """``llama3.2:3b  4 (learned), 4 held, 11 waiting``."""
    source = _("stated") if pool.stated is not None else _("learned")
    counts = {"permits": pool.permits, "held": pool.held, "waiting": pool.waiting}
    text = _("%(permits)s (%(source)s), %(held)s held, %(waiting)s waiting")
    return f"{pool.model}  {text % {**counts, 'source': source}}"


def _models_text(facts: Facts) -> str:
    uses = models_used(facts.stated)
    if not any(not server.error for server in facts.servers):
        return _("%(count)s configured, not looked for") % {"count": len(uses)}
    return models_counted(uses_present(facts), len(uses))


def _windows_text(facts: Facts) -> list[str]:
    """``llama3.2:3b  8192 tokens, stated in config/llm.yaml:33``"""
    column = max(map(len, facts.windows), default=0)
    told = _("%(tokens)s tokens, %(reason)s")
    return [
        f"{model:<{column}}  "
        + told % {"tokens": window.tokens, "reason": window.reason.translate(_)}
        for model, window in facts.windows.items()
    ]


def uses_present(facts: Facts) -> int:
    """How many of the configured models are wherever they are needed."""
    uses = models_used(facts.stated)
    return sum(1 for model in uses if not lacking(uses[model], model, facts.servers))


def models_counted(present: int, configured: int) -> str:
    """``4 configured, 3 present``."""
    told = _("%(configured)s configured, %(present)s present")
    return told % {"configured": configured, "present": present}
