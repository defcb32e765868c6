"""Parts are chosen by name, and some of them go together."""

import pytest

from benchmarks.chaos import __main__ as program


@pytest.fixture(autouse=True)
def no_addresses(monkeypatch):
    for name in program.SHARED:
        monkeypatch.delenv(name, raising=False)


def test_parts_that_wait_go_together():
    assert program._groups(["streams", "outage", "fallback"]) == [
        ["fallback", "outage"],
        ["streams"],
    ]


@pytest.mark.parametrize("name", program.SHARED)
def test_parts_that_share_a_part_go_one_after_the_other(monkeypatch, name):
    monkeypatch.setenv(name, "somewhere")
    assert program._groups(["outage", "fallback"]) == [["outage"], ["fallback"]]


def test_an_unknown_part_is_told_with_those_there_are(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["chaos", "nonsense"])
    with pytest.raises(SystemExit):
        program.main()
    assert "unknown part nonsense; there are fallback, outage, faults" in capsys.readouterr().err
