"""Two weeks of the simulated year: clocks go forward in the north and back in the south."""

from datetime import UTC, datetime

import pytest

from benchmarks.report_year import ZONES, simulate


@pytest.mark.django_db(transaction=True)
def test_every_due_report_is_made_exactly_once():
    start = datetime(2026, 3, 23, tzinfo=UTC)
    year = simulate(start=start, days=15, seed=3, quiet=0.05)
    assert year.reports == dict.fromkeys(year.due, 1)
    assert year.runs == year.reports
    assert len(year.due) > len(ZONES)
    assert min(year.ticks, year.jumps, year.abandoned) > 0
