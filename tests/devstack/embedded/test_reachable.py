import os
from urllib.parse import urlsplit

import pytest

from devstack.embedded import reachable
from devstack.embedded.errors import StackError


@pytest.mark.parametrize(
    ("variable", "url"),
    [
        ("DATABASE_URL", "postgresql://user:secret@127.0.0.1:1/db"),
        ("REDIS_URL", "redis://:secret@127.0.0.1:1/0"),
        ("CELERY_BROKER_URL", "redis://:secret@127.0.0.1:1/0"),
        ("CELERY_BROKER_URL", "amqp://user:secret@127.0.0.1:1//"),
        ("REDIS_URL", "http://127.0.0.1"),
    ],
)
def test_a_named_server_that_does_not_answer_is_told_without_its_password(variable, url):
    with pytest.raises(StackError) as refused:
        reachable.require({variable: url})
    title, line = str(refused.value).splitlines()
    assert title == "Not reachable:"
    assert line.startswith(f"{variable}: ")
    assert "secret" not in line


def test_servers_that_answer_are_accepted():
    # The suite's database is made by the tests that need it; this one is always there.
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path="/postgres").geturl()
    reachable.require({"DATABASE_URL": database, "REDIS_URL": os.environ["REDIS_URL"]})


def test_what_cannot_be_used_is_told_without_its_password():
    with pytest.raises(
        StackError, match=r"Not reachable:\nDATABASE_URL: .*percent-encoded"
    ) as told:
        reachable.require({"DATABASE_URL": "postgresql://me:hunter2left@right@db/app"})
    assert "hunter2left" not in str(told.value)
    assert "right" not in str(told.value)


def test_servers_that_no_variable_names_are_not_asked():
    reachable.require({"DATABASE_URL": "", "OLLAMA_HOST": "http://127.0.0.1:1"})
