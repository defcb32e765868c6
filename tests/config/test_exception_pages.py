"""A page about an exception holds no secret of the environment."""

import sys
from html import escape
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from django.test import RequestFactory

from config import env
from config.exception_pages import HIDDEN
from workers.backends.hosts import basic

PASSWORD = "p/s@s 'w\\ä<"


@pytest.fixture
def page(settings, tmp_path):
    """The page about an exception that is raised among these local variables."""

    def make(work, *, kind, **environ):
        settings.DEBUG = True
        settings.ENVIRONMENT = env.read({"LLMCONFIG_HOME": str(tmp_path), **environ})
        settings.REDIS_URL = settings.ENVIRONMENT.redis_url
        settings.OLLAMA_AUTHORIZATION = settings.ENVIRONMENT.ollama.authorization
        from django.views.debug import get_exception_reporter_class

        request = RequestFactory().get("/")
        try:
            work()
        except RuntimeError:
            report = get_exception_reporter_class(request)(request, *sys.exc_info())
        return getattr(report, f"get_traceback_{kind}")()

    return make


def fail(**variables):
    raise RuntimeError(f"it failed with {variables}")


@pytest.mark.parametrize("kind", ["html", "text"])
def test_passwords_are_hidden_in_settings_variables_and_words(page, kind):
    encoded = quote(PASSWORD, safe="")
    shown = page(
        lambda: fail(url=f"redis://me:{encoded}@cache", parameters={"host": PASSWORD}),
        kind=kind,
        REDIS_URL=f"redis://me:{encoded}@cache:6379/0",
        OLLAMA_HOST="http://me:hunter2@gpu",
    )
    assert HIDDEN in shown
    for form in (PASSWORD, encoded, repr(PASSWORD)[1:-1], "hunter2", basic("me", "hunter2")):
        assert form not in shown
        assert escape(form) not in shown


def test_the_page_still_tells_what_happened(page):
    shown = page(lambda: fail(host="cache"), kind="html", REDIS_PASSWORD="hunter2")
    assert "it failed with" in shown
    assert "cache" in shown


def test_every_secret_of_the_environment_is_known(tmp_path):
    (tmp_path / "key").write_text("a key of a file\n")
    read = env.read(
        {
            "LLMCONFIG_HOME": str(tmp_path),
            "DATABASE_URL": "postgresql://me:one%2F@db/app?sslpassword=two",
            "REDIS_URL": "redis://:th:ree@cache",
            "CELERY_BROKER_URL": "amqp://me:four@a//;amqp://me:five@b//",
            "OLLAMA_HOST": "http://me@gpu",
            "OLLAMA_PASSWORD": "six",
            "EMAIL_URL": "smtp://me@mail",
            "EMAIL_PASSWORD": "seven",
            "DEFAULT_FROM_EMAIL": "me@app.example",
            "SECRET_KEY_FILE": str(tmp_path / "key"),
        }
    )
    assert read.secrets == {
        "one/", "two", "th:ree", "four", "five", "six", "seven", "a key of a file",
        "Basic bWU6c2l4",
    }  # fmt: skip


def test_the_reporter_needs_no_environment_of_ours(settings):
    settings.ENVIRONMENT = SimpleNamespace(secrets=frozenset())
    from config.exception_pages import Reporter

    try:
        fail()
    except RuntimeError:
        assert "it failed" in Reporter(None, *sys.exc_info()).get_traceback_text()
