"""Who asks for what in the demo, and how each run is expected to end."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

WORK_LOG = Path(__file__).with_name("work_log.yaml")
#: A name that no model server has: its runs show the fallback at work.
MISSING_MODEL = "no-such-model:70b"
DAYS = {
    "monday": "2026-11-16",
    "tuesday": "2026-11-17",
    "thursday": "2026-11-19",
    "friday": "2026-11-20",
}


@dataclass(frozen=True, kw_only=True)
class Person:
    """One account of the demo."""

    name: str
    #: Tier to belong to, "" for none.
    tier: str = ""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One run to ask for."""

    person: str
    task_type: str
    payload: dict[str, Any]
    #: The strongest layer that shall state a field.
    source: str
    #: Whether the fallback shall answer.
    fallback: bool = False


PEOPLE = (
    Person(name="ada"),
    Person(name="ben", tier="premium"),
    Person(name="cleo"),
    Person(name="dora"),
)


def preferences(name: str, effective: dict[str, Any]) -> dict[str, Any] | None:
    """What a person prefers, given what holds without: the body of a PUT, or None.

    Cleo swaps model and fallback, so that her choice exists wherever the defaults do.
    """
    if name == "cleo":
        return {"model": effective["fallback_model"], "fallback_model": effective["model"]}
    if name == "dora":
        return {"model": MISSING_MODEL}
    return None


def pieces() -> tuple[Piece, ...]:
    """The runs, in the order in which they are asked for and shown."""
    entries = yaml.safe_load(WORK_LOG.read_text(encoding="utf-8"))
    for entry in entries:
        entry["date"] = entry["date"].isoformat()
    insight, report = "TASK_TYPE_INSIGHT_GENERATION", "TASK_TYPE_WEEKLY_REPORT"
    days = {name: {"entries": [entry for entry in entries if entry["date"] == date]}
            for name, date in DAYS.items()}  # fmt: skip
    prompt = {"prompt": "Explain in two sentences why a database index makes a query faster."}
    return (
        Piece(person="ada", task_type=insight, payload=days["monday"], source="task_type"),
        Piece(person="ben", task_type=insight, payload=days["tuesday"], source="tier"),
        Piece(person="cleo", task_type=insight, payload=days["thursday"], source="user"),
        Piece(person="ada", task_type=report, payload={"entries": entries}, source="task_type"),
        Piece(
            person="ben",
            task_type="TASK_TYPE_DATA_ANALYSIS",
            payload=days["thursday"],
            source="tier",
        ),
        Piece(person="cleo", task_type="TASK_TYPE_TEXT_GENERATION", payload=prompt, source="user"),
        Piece(
            person="dora", task_type=insight, payload=days["friday"], source="user", fallback=True
        ),
    )


def as_expected(piece: Piece, run: dict[str, Any]) -> bool:
    """Whether a run ended as its piece says."""
    return bool(
        run["status"] == "succeeded"
        and run["llm_config"]["source"] == piece.source
        and run["fallback_used"] == piece.fallback
        and run["result"]["content"]
    )
