"""A part tells what holds, by lines and by its exit code."""

import pytest

from benchmarks.chaos.verdict import REPORT, Verdict, read


@pytest.fixture
def verdict(monkeypatch, tmp_path):
    monkeypatch.setenv(REPORT, str(tmp_path / "report.json"))
    return Verdict("part")


def test_every_check_has_a_line(verdict, capsys):
    verdict.at_most("waited", 1.25, 2, "s")
    verdict.at_least("answered", 7, 8)
    assert capsys.readouterr().out.splitlines() == [
        "PASS  part: waited: 1.25 s (limit: ≤ 2 s)",
        "FAIL  part: answered: 7 (limit: ≥ 8)",
    ]


def test_a_part_is_good_when_all_its_checks_hold(verdict, tmp_path):
    verdict.at_most("waited", 2, 2)
    assert verdict.end() == 0
    assert read(tmp_path / "report.json") == verdict.checks


def test_a_part_is_bad_when_one_does_not_hold(verdict):
    verdict.at_most("waited", 2, 2)
    verdict.at_most("lost", 1, 0)
    assert verdict.end() == 1


def test_a_part_that_checked_nothing_is_bad(verdict):
    assert verdict.end() == 1


def test_a_part_that_did_not_end_has_told_nothing(tmp_path):
    assert read(tmp_path / "report.json") == []
