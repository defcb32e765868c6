"""``CELERY_BROKER_URL`` becomes Celery's settings, or is refused at start."""

import ssl

import pytest
from kombu import Connection

from config.variables.broker import broker_parse


@pytest.mark.parametrize(
    ("text", "login", "virtual_host"),
    [
        ("amqp://queue", ("queue", None, None), "/"),
        ("amqp://queue//", ("queue", None, None), "/"),
        ("amqp://me:p%2Fw%40%3B@queue:5/a%2Fb", ("queue", "me", "p/w@;"), "a/b"),
        ("pyamqp://me@[::1]:5//", ("::1", "me", None), "/"),
    ],
)
def test_kombu_reads_the_same_parts(text, login, virtual_host):
    connection = Connection(broker_parse(text).url)
    assert (connection.hostname, connection.userid, connection.password) == login
    assert connection.virtual_host == virtual_host


def test_a_password_may_stand_in_a_variable_of_its_own():
    connection = Connection(broker_parse("amqp://me@queue//", "p/w;@").url)
    assert (connection.userid, connection.password) == ("me", "p/w;@")


def test_the_nodes_of_a_cluster_have_a_semicolon_between():
    broker = broker_parse("amqp://me:a;b@one//;amqp://me@two//".replace("me@", "me:c%3Bd@"))
    assert Connection(broker.url).alt == ["amqp://me:a%3Bb@one//", "amqp://me:c%3Bd@two//"]


def test_rabbitmq_is_verified_by_its_name_unless_an_option_says_otherwise(tmp_path):
    (tmp_path / "ca.pem").touch()
    assert broker_parse("amqps://queue//").tls == {
        "cert_reqs": ssl.CERT_REQUIRED, "server_hostname": None,
    }  # fmt: skip
    assert broker_parse(f"amqps://queue//?ssl_ca_certs={tmp_path}/ca.pem").tls == {
        "cert_reqs": ssl.CERT_REQUIRED, "server_hostname": None, "ca_certs": f"{tmp_path}/ca.pem",
    }  # fmt: skip
    assert broker_parse("amqps://queue//?ssl_cert_reqs=none").tls == {"cert_reqs": ssl.CERT_NONE}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("hidden", "accepted: redis://, rediss://, unix://, redis+socket://, amqp://"),
        ("sqs://hidden", "for example amqp://user:password@host:5672//"),
        ("amqp://me:hid/den@queue//", "/ as %2F"),
        ("amqp://queue//?hidden=5", "5672// without options"),
        ("amqps://queue//?hidden=5", "5672// with options of ssl_cert_reqs, ssl_ca_certs"),
        ("amqps://queue//?ssl_cert_reqs=hidden", "required, optional or none"),
        ("amqps://a//?ssl_cert_reqs=none;amqps://b//", "all nodes have the same options"),
        ("redis://a;redis://hidden", "host and port cannot be read"),
    ],
)
def test_what_celery_cannot_use_is_refused_without_being_repeated(text, told):
    with pytest.raises(ValueError, match="accepted") as refused:
        broker_parse(text)
    assert told in str(refused.value)
    assert "hidden" not in str(refused.value)


def test_a_password_needs_a_user_and_stands_once():
    with pytest.raises(ValueError, match="names no user for CELERY_BROKER_PASSWORD"):
        broker_parse("amqp://queue//", "a")
    for text in ("amqp://me:b@queue//", "redis://:b@queue"):
        with pytest.raises(ValueError, match="CELERY_BROKER_PASSWORD has one; accepted: one of"):
            broker_parse(text, "a")
