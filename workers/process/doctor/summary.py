"""Summary of a worker's models, logged in one line at its start."""

from collections.abc import Collection, Iterable, Sequence

from llmconfig.resolution.stated_models import StatedModel
from workers.process.doctor.examination import examine, models_used
from workers.process.doctor.facts import Facts, Finding
from workers.process.doctor.gathering import server_of
from workers.process.doctor.report import models_counted, uses_present
from workers.process.registry.announcement import task_types_served
from workers.process.registry.survey import HostReport

_TOLD = {
    "model_missing": "missing",
    "model_unusable": "cannot be used",
    "model_incapable": "cannot write text",
    "model_not_allowed": "not allowed",
}


def summary(
    stated: Iterable[StatedModel],
    report: HostReport,
    queues: Collection[str],
    without_model: Sequence[str] = (),
) -> tuple[str, bool]:
    """``Models: 4 configured, 3 present, missing: qwen3:8b (tier premium)``, and whether all is
    well. Only what these queues need counts; users are counted, not named. ``without_model`` are
    the task types of which neither model nor fallback is there.
    """
    served = set(task_types_served(queues))
    needed = tuple(each for each in stated if _concerns(each, served))
    facts = Facts(stated=needed, servers=(server_of(report, queues=queues),))
    configured = len(models_used(needed))
    if report.error:
        return f"Models: {configured} configured; {report.host}: {report.error}", False
    findings = examine(facts)
    counted = models_counted(uses_present(facts), configured)
    wrong = _wrong(findings)
    if without_model:
        wrong.append(f"neither model nor fallback of: {', '.join(without_model)}")
    told = ", ".join(filter(None, (f"Models: {counted}", "; ".join(wrong))))
    return told, not wrong


def _concerns(stated: StatedModel, served: set[str]) -> bool:
    return stated.task_types is None or not served.isdisjoint(stated.task_types)


def _wrong(findings: Sequence[Finding]) -> list[str]:
    told = []
    for code, words in _TOLD.items():
        mine = [f"{each.subject} ({each.text})" for each in findings if each.code == code]
        told += [f"{words}: {', '.join(mine)}"] if mine else []
    return told
