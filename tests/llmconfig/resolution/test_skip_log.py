import logging

import pytest

from llmconfig.resolution import skip_log
from llmconfig.resolution.skip_log import skips_forget, skips_log
from llmconfig.values.types import BUILT_IN, Origin, Skipped


@pytest.fixture
def told(caplog):
    skips_forget()
    caplog.set_level(logging.WARNING, logger="llmconfig")
    return lambda: [record.getMessage() for record in caplog.records]


def skipped(place="preference 1 v1", reason="not_allowed", origin=None):
    return Skipped("model", "x:1", origin or Origin("user", place), reason)


def test_a_row_is_told_once_for_each_version(told):
    for place in ("preference 1 v1", "preference 1 v1", "preference 1 v2", "preference 1 v1"):
        skips_log([skipped(place)])
    assert told() == [
        f"Skipped model of {place}: the environment does not allow the model 'x:1'"
        for place in ("preference 1 v1", "preference 1 v2")
    ]


def test_another_reason_is_told_anew(told):
    skips_log([skipped(), skipped(reason="not_allowed_for_tier")])
    assert len(told()) == 2


def test_what_needs_no_mending_is_not_told(told):
    skips_log([skipped(reason="same_as_model"), skipped(origin=BUILT_IN)])
    assert told() == []


def test_what_is_remembered_is_bounded(told, monkeypatch):
    monkeypatch.setattr(skip_log, "MAX_REMEMBERED", 3)
    for number in range(10):
        skips_log([skipped(f"preference {number} v1")])
    assert len(skip_log._told) <= 3
    assert len(told()) == 10
