"""Starts what the suite talks to, before Django's settings are read."""

import os
import signal

import django
import pytest
from django.contrib.contenttypes.management import create_contenttypes
from django.db import connection
from django.db.models.signals import post_migrate

from tests import services
from tests.flushes import flush_by_delete

# A shell that starts the suite in the background has it ignore these, and so would every program
# that a test starts and signals.
for number, default in {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGHUP: signal.SIG_DFL,
}.items():
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, default)

# A Celery worker in this process sets the root logger's level: at its own default, "error", later
# tests would miss warnings.
os.environ["WORKER_LOGLEVEL"] = "info"

services.start()
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
# Before the conftests below, which import models.
django.setup()

pytest_plugins = ["workers.testing.pytest_plugin"]


def pytest_configure(config):
    """The processes of a parallel suite start their own services, and read settings after that."""
    if config.getoption("numprocesses", None):
        os.environ.pop("DJANGO_SETTINGS_MODULE", None)


def pytest_collection_modifyitems(items):
    """Mark what talks to a service, so that it can be run again on another one."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if item.get_closest_marker("django_db") or fixtures & {"db", "transactional_db"}:
            item.add_marker("database")
        if "broker" in fixtures:
            item.add_marker("broker")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Flushes are fast, and the database goes although a thread or process of the last test still
    holds a session."""
    flush_by_delete()
    post_migrate.disconnect(create_contenttypes)
    post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
    from workers.process.installation import installation_verify  # models: after Django is set up

    with django_db_blocker.unblock():
        # An empty broker is one that lost its messages.
        installation_verify()
        connection.close()
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    with django_db_blocker.unblock():
        connection.close()
