"""What a variable can state and still get wrong is a warning at start."""

import pytest

from config import env
from config.checks import quotes_check, sender_check


@pytest.fixture
def told(settings, tmp_path):
    def run(sender, url="smtp://mail"):
        settings.ENVIRONMENT = env.read(
            {"LLMCONFIG_HOME": str(tmp_path), "EMAIL_URL": url, "DEFAULT_FROM_EMAIL": sender}
        )
        settings.DEFAULT_FROM_EMAIL = settings.ENVIRONMENT.mail_sender
        return [(each.id, each.msg) for each in sender_check(None)]

    return run


@pytest.mark.parametrize("sender", ["reports@app.example.org", "Reports <me@mail.corp>"])
def test_a_sender_of_a_domain_is_usable(told, sender):
    assert told(sender) == []


@pytest.mark.parametrize(
    "sender", ["llmconfig@localhost", "me@box", "me@a.localhost", "Me <me@app.example>"]
)
def test_a_sender_that_receives_no_mail_is_a_warning(told, sender):
    [(code, message)] = told(sender)
    assert code == "config.W001"
    assert message.startswith("DEFAULT_FROM_EMAIL: other mail servers refuse a sender at ")


def test_where_no_mail_is_sent_any_sender_is_usable(told):
    assert told("llmconfig@localhost", url="") == []


def test_quotes_around_a_secret_are_a_warning_for_they_may_belong_to_it(settings, tmp_path):
    environ = {
        "LLMCONFIG_HOME": str(tmp_path),
        "SECRET_KEY": "'k'",
        "REDIS_PASSWORD": '"hunter2"',
        "DATABASE_PASSWORD": "a'",
    }
    settings.ENVIRONMENT = env.read(environ)
    assert settings.ENVIRONMENT.redis.password == '"hunter2"'
    told = [each.msg.partition(" ")[0] for each in quotes_check(None)]
    assert told == ["SECRET_KEY", "REDIS_PASSWORD"]
