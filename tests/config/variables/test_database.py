"""The database is named by a URL or by its parts, and its password by neither."""

import pytest
from psycopg import conninfo

from config.variables.database import database_parse, database_read
from config.variables.reading import Variables

PARTS = {
    "DATABASE_HOST": "db",
    "DATABASE_PORT": "5433",
    "DATABASE_NAME": "app",
    "DATABASE_USER": "me",
    "DATABASE_PASSWORD": "p/s@s w#r?d%",
}


def read(**environ):
    variables = Variables(environ, {})
    return database_read(variables), variables.problems


def test_parts_are_a_database():
    assert read(**PARTS) == (
        {"host": "db", "port": "5433", "dbname": "app", "user": "me", "password": "p/s@s w#r?d%"},
        [],
    )
    assert read(DATABASE_NAME="app") == ({"dbname": "app"}, [])
    assert read(DATABASE_USER="me", DATABASE_PASSWORD="x") == (None, [])


def test_a_password_stands_beside_a_url_without_one():
    found, problems = read(
        DATABASE_URL="postgresql://me@db/app?sslmode=require", DATABASE_PASSWORD="p/s@s"
    )
    assert not problems
    assert found == {
        "user": "me", "host": "db", "dbname": "app", "sslmode": "require", "password": "p/s@s",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("url", "parameters"),
    [
        ("postgres://db/app", {"host": "db", "dbname": "app"}),
        ("postgresql://a,b:5433/app?target_session_attrs=read-write", {
            "host": "a,b", "port": ",5433", "dbname": "app", "target_session_attrs": "read-write",
        }),
        ("postgresql://me:p%2Fw@[::1]:5/a%20b", {
            "user": "me", "password": "p/w", "host": "::1", "port": "5", "dbname": "a b",
        }),
        ("postgresql:///app?host=/run/a%20b&port=5432", {
            "host": "/run/a b", "port": "5432", "dbname": "app",
        }),
        ("postgresql://%2Frun%2Fpg/app", {"host": "/run/pg", "dbname": "app"}),
        ("postgresql:///?service=prod", {"service": "prod"}),
    ],
)  # fmt: skip
def test_a_url_is_read_by_libpq(url, parameters):
    assert database_parse(url) == parameters
    conninfo.make_conninfo(**parameters)


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"DATABASE_URL": "mysql://hidden@db/x"}, "DATABASE_URL: accepted: postgresql://"),
        ({"DATABASE_URL": "postgresql://me:hid/den@db/app"}, "/ as %2F"),
        ({"DATABASE_URL": "postgresql://me:hidden@db"}, "it names no database"),
        ({"DATABASE_URL": "postgresql://db/app?hidden=1"}, "libpq cannot use an option"),
        ({"DATABASE_URL": "postgresql:///app?port=hidden"}, "libpq cannot use an option"),
        ({**PARTS, "DATABASE_URL": "postgresql://db/x"}, "DATABASE_HOST: stated, and so is DATABA"),
        ({**PARTS, "DATABASE_NAME": ""}, "DATABASE_NAME: not set; accepted: the name"),
        ({**PARTS, "DATABASE_PORT": "hidden"}, "DATABASE_PORT: accepted: a whole number from 1"),
        ({**PARTS, "DATABASE_HOST": "'hidden'"}, "DATABASE_HOST: accepted: one line of text"),
        (
            {"DATABASE_URL": "postgresql://me:hidden@db/app", "DATABASE_PASSWORD": "hidden"},
            "it has a password, and DATABASE_PASSWORD has one; accepted: one",
        ),
    ],
)
def test_what_names_no_database_is_refused_without_being_repeated(environ, told):
    _found, problems = read(**environ)
    assert told in "\n".join(problems)
    assert "hidden" not in "\n".join(problems)
