"""What the log has of faults: enough to know, and no line for each request."""

import psycopg
import pytest
from django.db import InternalError, OperationalError

from llmconfig.database import outages
from llmconfig.database.outages import OutageLog


def fault(sqlstate, text="why"):
    cause = psycopg.errors.lookup(sqlstate)(text)
    kind = InternalError if isinstance(cause, psycopg.InternalError) else OperationalError
    error = kind(text)
    error.__cause__ = cause
    return error


@pytest.fixture
def log():
    return OutageLog()


@pytest.fixture
def lines(caplog):
    return lambda: [record.getMessage() for record in caplog.records]


def test_an_outage_is_logged_when_it_begins_changes_and_ends(log, lines):
    for _ in range(3):
        log.fault(fault("57P01"))
    for _ in range(3):
        log.fault(fault("25006"))
        log.read_only()
    for _ in range(3):
        log.over()
    assert lines() == [
        "The database is unreachable: why",
        "The database is read-only: why",
        "The database can be written to again; it was read-only",
    ]


def test_an_outage_that_nothing_shows_to_be_over_is_logged_now_and_then(log, lines, monkeypatch):
    for _ in range(3):
        log.fault(fault("53100"))
        log.over()
        log.fault(fault("53300"))
    assert lines() == [
        "The database is out of disk space or memory: why",
        "The database is out of connections: why",
    ]
    monkeypatch.setattr(outages, "REPEATED_SECONDS", 0.0)
    log.fault(fault("53100"))
    assert len(lines()) == 3


def test_an_outage_of_long_ago_is_over_where_nobody_reports_its_end(log, lines, monkeypatch):
    log.fault(fault("25006"))
    monkeypatch.setattr(outages, "FORGOTTEN_SECONDS", -1.0)
    log.fault(fault("25006"))
    assert len(lines()) == 2


@pytest.mark.parametrize("sqlstate", ["57014", "40P01", "58030"])
def test_every_other_fault_is_logged_with_its_cause(log, lines, sqlstate):
    log.fault(fault(sqlstate, "first"))
    log.fault(fault(sqlstate, "second"))
    assert [line.rpartition(": ")[2] for line in lines()] == ["first", "second"]


def test_a_mistake_of_ours_is_not_the_databases(log, lines):
    log.fault(fault("25P02"))
    log.fault(ValueError("x"))
    assert lines() == []
