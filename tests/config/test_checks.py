"""A sender that other mail servers refuse is told before the first mail."""

import pytest

from config import env
from config.checks import sender_check


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
