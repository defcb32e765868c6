"""The table of measured values in docs/explanation/reliability.md, between its two marks."""

import os
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.chaos.verdict import Check
from config.env import PROJECT

PAGE = PROJECT / "docs" / "explanation" / "reliability.md"
BEGIN, END = "<!-- make chaos: begin -->", "<!-- make chaos: end -->"
HEAD = "| part | what | measured | limit | holds |\n|---|---|---|---|---|"


def write(checks: Iterable[Check], path: Path = PAGE) -> None:
    """Replace the rows of the parts that ran; the rows of other parts stay."""
    before, inside, after = _split(path.read_text())
    rows: dict[str, list[str]] = {}
    for row in _rows(inside):
        rows.setdefault(row.split("|")[1].strip(), []).append(row)
    for part in {check.part for check in checks}:
        rows[part] = [_row(check) for check in checks if check.part == part]
    table = "\n".join([HEAD, *(row for part in sorted(rows) for row in rows[part])])
    path.write_text(f"{before}{BEGIN}\n{_where()}\n\n{table}\n{END}{after}")


def _split(text: str) -> tuple[str, str, str]:
    before, _, rest = text.partition(BEGIN)
    inside, _, after = rest.partition(END)
    return before, inside, after


def _rows(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("|")][2:]


def _row(check: Check) -> str:
    cells = (check.part, check.what, check.measured, check.limit, "yes" if check.holds else "NO")
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _where() -> str:
    day = datetime.now(UTC).date()
    return f"Last run: {day}, {os.cpu_count()} cores, Python {platform.python_version()}."
