"""What was measured is written between two marks, part by part."""

import pytest

from benchmarks.chaos.page import BEGIN, END, write
from benchmarks.chaos.verdict import Check


def check(part, measured, *, holds=True):
    return Check(part=part, what="runs", measured=measured, limit="0", holds=holds)


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "page.md"
    path.write_text(f"before\n{BEGIN}\n{END}\nafter\n")
    return path


def test_the_rest_of_the_page_stays(page):
    write([check("a", "1")], page)
    assert page.read_text().startswith(f"before\n{BEGIN}\nLast run: 20")
    assert page.read_text().endswith(f"{END}\nafter\n")


def test_a_part_that_ran_again_replaces_its_rows_and_no_others(page):
    write([check("a", "1"), check("b", "1")], page)
    write([check("a", "2", holds=False)], page)
    rows = [line for line in page.read_text().splitlines() if line.startswith(("| a", "| b"))]
    assert rows == ["| a | runs | 2 | 0 | NO |", "| b | runs | 1 | 0 | yes |"]


def test_a_bar_in_a_cell_makes_no_column(page):
    write([check("a", "1 | 2")], page)
    assert "| a | runs | 1 / 2 | 0 | yes |" in page.read_text()
