"""What an error of the database means, by the codes of PostgreSQL itself."""

import psycopg
import pytest
from django.db import (
    DataError,
    InterfaceError,
    InternalError,
    OperationalError,
    connection,
    transaction,
)
from psycopg_pool import PoolTimeout

from llmconfig.database.faults import Kind, cause_text, is_outage, kind_of
from tests.llmconfig.database.errors import database_error


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("08006", Kind.UNREACHABLE),
        ("57P01", Kind.UNREACHABLE),
        ("57P03", Kind.UNREACHABLE),
        ("25006", Kind.READ_ONLY),
        ("53100", Kind.FULL),
        ("53200", Kind.FULL),
        ("53300", Kind.NO_CONNECTION),
        ("40001", Kind.CONFLICT),
        ("40P01", Kind.CONFLICT),
        ("57014", Kind.TIMEOUT),
        ("55P03", Kind.TIMEOUT),
        ("25P03", Kind.TIMEOUT),
        ("58030", Kind.OTHER),
        ("22001", None),
        ("23505", None),
        ("42P01", None),
        ("25P02", None),
        ("XX000", None),
    ],
)
@pytest.mark.django_db
def test_a_code_of_the_server_has_its_kind(code, kind):
    error = database_error(code)
    assert kind_of(error) is kind_of(error.__cause__) is kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("connection failed: Connection refused", Kind.UNREACHABLE),
        ('FATAL:  password authentication failed for user "app"', Kind.UNREACHABLE),
        ("FATAL:  the database system is starting up", Kind.UNREACHABLE),
        ("FATAL:  sorry, too many clients already", Kind.NO_CONNECTION),
        ('FATAL:  too many connections for role "app"', Kind.NO_CONNECTION),
        ("FATAL:  remaining connection slots are reserved for roles", Kind.NO_CONNECTION),
        ("FATAL:  no more connections allowed (max_client_conn)", Kind.NO_CONNECTION),
        ("session is read-only", Kind.READ_ONLY),
        ('could not write lock file "postmaster.pid": No space left on device', Kind.FULL),
    ],
)
def test_a_refused_connection_has_only_words(text, kind):
    assert kind_of(OperationalError(text)) is kind
    assert kind_of(psycopg.OperationalError(text)) is kind


def test_a_pool_without_a_free_connection_is_no_database_out_of_reach():
    error = OperationalError("couldn't get a connection after 5.00 sec")
    error.__cause__ = PoolTimeout("couldn't get a connection after 5.00 sec")
    assert kind_of(error) is Kind.NO_CONNECTION


def test_what_is_no_fault_of_the_database_has_no_kind():
    assert kind_of(InterfaceError("the connection is closed")) is Kind.UNREACHABLE
    for error in (ValueError(), DataError("too long"), InternalError("cache lookup failed")):
        assert kind_of(error) is None
        assert not is_outage(error)


def test_a_cause_is_one_line():
    assert cause_text(OperationalError("connection failed:\n  refused\n")) == (
        "connection failed: refused"
    )
    assert cause_text(OperationalError()) == "OperationalError"


@pytest.mark.django_db
def test_a_cause_has_no_part_of_the_statement():
    cursor = connection.cursor()
    cursor.execute("SET LOCAL statement_timeout = 1")
    with pytest.raises(OperationalError) as caught, transaction.atomic():
        cursor.execute("SELECT pg_sleep(1), 'a secret prompt'")
    cursor.execute("SET LOCAL statement_timeout = 0")
    assert cause_text(caught.value) == "canceling statement due to statement timeout"
    error = OperationalError("x\nLINE 1: INSERT INTO t VALUES ('a secret prompt')")
    error.__cause__ = database_error("40P01").__cause__
    assert cause_text(error) == "so it is"
