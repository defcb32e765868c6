"""A database that belongs to others is told in one sentence, with the statement that helps."""

import os
import subprocess
import sys
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

from config.env import PROJECT

ROLE, DATABASE = "stran ger", "guarded db"


@pytest.fixture
def server():
    with psycopg.connect(os.environ["DATABASE_URL"], dbname="postgres", autocommit=True) as server:
        role, database = sql.Identifier(ROLE), sql.Identifier(DATABASE)
        server.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'x'").format(role))
        server.execute(sql.SQL("CREATE DATABASE {}").format(database))
        yield server
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(database))
        server.execute(sql.SQL("DROP ROLE {}").format(role))


def migrate(server):
    url = (
        f"postgresql://{quote(ROLE)}@/{quote(DATABASE)}"
        f"?host={quote(server.info.host, safe='')}&port={server.info.port}"
    )
    return subprocess.run(
        [sys.executable, "manage.py", "migrate", "contenttypes"],
        cwd=PROJECT,
        env={**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings.test"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_schema_that_is_not_ours_is_told_with_the_grant(server):
    ran = migrate(server)
    assert ran.returncode == 1
    assert ran.stderr == (
        f"The database {DATABASE} refuses: permission denied for schema public.\n"
        "  As the owner of the database or a superuser, run in it: "
        f'GRANT USAGE, CREATE ON SCHEMA public TO "{ROLE}";\n'
    )


def test_the_statement_helps(server):
    grant = migrate(server).stderr.rpartition(": ")[2]
    with psycopg.connect(
        host=server.info.host, port=server.info.port, user=server.info.user, dbname=DATABASE
    ) as owner:
        owner.execute(grant)
    assert migrate(server).returncode == 0


def test_a_schema_that_cannot_be_seen_is_told_too(server):
    with psycopg.connect(
        host=server.info.host, port=server.info.port, user=server.info.user, dbname=DATABASE
    ) as owner:
        owner.execute("REVOKE USAGE ON SCHEMA public FROM PUBLIC")
    ran = migrate(server)
    assert "Traceback" not in ran.stderr
    assert "GRANT USAGE, CREATE ON SCHEMA public" in ran.stderr
