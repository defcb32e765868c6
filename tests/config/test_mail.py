"""``EMAIL_URL`` names the mail server."""

import pytest

from config.mail import SMTP, mailer_parse


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("smtp://mail", {"host": "mail", "port": 25}),
        ("submission://me:p%40ss@mail", {"port": 587, "password": "p@ss", "use_tls": True}),
        ("submissions://me@mail:4650", {"port": 4650, "username": "me", "use_ssl": True}),
    ],
)
def test_a_mail_server_is_named_by_one_variable(value, expected):
    mailer = mailer_parse(value)
    assert mailer["BACKEND"] == SMTP
    assert expected.items() <= mailer["OPTIONS"].items()
    assert mailer["OPTIONS"]["timeout"] > 0


@pytest.mark.parametrize(
    "value",
    ["mail", "http://mail", "smtp://", "smtp://mail/x", "smtp://mail:99999", "smtp://m?x=1"],
)
def test_what_names_none_is_refused_without_being_repeated(value):
    with pytest.raises(ValueError, match="accepted: smtp://") as refused:
        mailer_parse(value.replace("mail", "secret"))
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("value", "password"), [("smtp://me:p%C3%A4ss@mail", ""), ("smtp://me@mail", "p\xe4ss")]
)
def test_a_password_that_smtplib_cannot_send_is_refused(value, password):
    with pytest.raises(ValueError, match="accepted: a user and password of it") as refused:
        mailer_parse(value, password)
    assert "\xe4" not in str(refused.value)
