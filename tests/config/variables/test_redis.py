"""One reader of ``REDIS_URL`` makes what redis-py and kombu need, or refuses at start."""

import asyncio
from urllib.parse import quote

import pytest
import redis
import redis.asyncio
import redis.exceptions
from kombu import Connection
from redis.connection import parse_url

from config.variables.broker import broker_of_redis, broker_parse
from config.variables.redis import redis_parse
from llmconfig.cache.server import Wire
from tests.config.variables import servers

ENCODED = quote(servers.PASSWORD, safe="")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with servers.valkey(tmp_path_factory.mktemp("valkey")) as (port, path):
        yield port, path


@pytest.fixture(scope="module")
def front(server, tmp_path_factory):
    if not servers.has_openssl():
        pytest.skip("openssl makes the certificate")
    with servers.tls_front(tmp_path_factory.mktemp("tls"), server[0]) as (port, certificate):
        yield port, certificate


def databases(address):
    """The number of the database in which each client works."""
    broker = broker_of_redis(address)
    with redis.Redis.from_url(address.url()) as client:
        by_redis_py = client.client_info()["db"]
    with Connection(
        broker.url, ssl=dict(broker.tls) or False, transport_options=dict(broker.options)
    ) as connection:
        by_kombu = connection.default_channel.client.client_info()["db"]
    by_asyncio = asyncio.run(database_by_asyncio(address.url()))
    by_cache = int(Wire(address.url()).call("CLIENT", "INFO").decode().split(" db=")[1].split()[0])
    return {by_redis_py, by_asyncio, by_kombu, by_cache}


async def database_by_asyncio(url):
    async with redis.asyncio.Redis.from_url(url) as client:
        return (await client.client_info())["db"]


@pytest.mark.parametrize(
    ("template", "database"),
    [
        ("redis://:{password}@127.0.0.1:{port}", 0),
        ("redis://:{password}@127.0.0.1:{port}/2", 2),
        ("redis://:{password}@127.0.0.1:{port}?db=3", 3),
        ("redis://:{password}@127.0.0.1:{port}/3?db=3", 3),
        ("redis://default:{password}@127.0.0.1:{port}/1", 1),
        ("redis://:{password}@127.0.0.1:{port}/1?health_check_interval=30", 1),
        ("redis://:{password}@127.0.0.1:{port}/1?client_name=llm&socket_keepalive=true", 1),
        ("unix://:{password}@{path}", 0),
        ("unix://default:{password}@{path}?db=2&client_name=a&health_check_interval=9", 2),
        ("redis+socket://:{password}@{path}?virtual_host=2", 2),
    ],
)
def test_every_client_works_in_the_same_database(server, template, database):
    port, path = server
    url = template.format(password=ENCODED, port=port, path=path)
    assert databases(redis_parse(url)) == {database}


@pytest.mark.parametrize("template", ["redis://127.0.0.1:{port}/1", "unix://{path}?db=1"])
def test_a_password_may_stand_in_a_variable_of_its_own(server, template):
    port, path = server
    assert databases(redis_parse(template.format(port=port, path=path), servers.PASSWORD)) == {1}


def test_every_client_verifies_the_certificate_that_it_is_told(server, front):
    port, certificate = front
    url = f"rediss://:{ENCODED}@localhost:{port}/1?ssl_ca_certs={certificate}"
    assert databases(redis_parse(url)) == {1}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_no_client_trusts_an_unknown_certificate_or_another_name(front, host):
    port, certificate = front
    ca = f"?ssl_ca_certs={certificate}" if host == "127.0.0.1" else ""
    address = redis_parse(f"rediss://:{ENCODED}@{host}:{port}/1{ca}")
    broker = broker_of_redis(address)
    with pytest.raises(redis.exceptions.ConnectionError, match="certificate verify failed"):
        redis.Redis.from_url(address.url(), retry=None).ping()
    with (
        pytest.raises(Exception, match="certificate verify failed"),
        Connection(broker.url, ssl=dict(broker.tls), connect_timeout=2) as connection,
    ):
        connection.ensure_connection(max_retries=0)


def test_a_certificate_is_not_verified_where_an_option_says_so(front):
    port, _certificate = front
    assert databases(redis_parse(f"rediss://:{ENCODED}@127.0.0.1:{port}/1?ssl_cert_reqs=none")) == {
        1
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("http://hidden", "accepted: redis://"),
        ("redis://:hid/den@c", "/ as %2F"),
        ("redis://c/hidden", "db: accepted: a whole number"),
        ("redis://c/1?db=2", "two databases"),
        ("redis://c?db=hidden", "db: accepted: a whole number from 0"),
        ("redis://c?health_check_interval=hidden", "health_check_interval: accepted: a whole"),
        ("redis://c?socket_keepalive=hidden", "socket_keepalive: accepted: true or false"),
        (
            "redis://c?socket_timeout=5",
            "accepted options: db, client_name, health_check_interval, soc",
        ),
        ("redis://c?hidden=5", "an option is not accepted"),
        ("redis://c?client_name=hid%20den", "client_name: accepted: ASCII without blanks"),
        ("unix:///hidden?socket_keepalive=true", "accepted options: db, client_name, health_check"),
        ("redis://c?ssl_cert_reqs=none", "need rediss://"),
        ("rediss://c?ssl_cert_reqs=hidden", "required, optional or none"),
        ("rediss://c?ssl_ca_certs=/hidden", "ssl_ca_certs: a file that can be read"),
        ("rediss://c?ssl_check_hostname=hidden", "ssl_check_hostname: true or false"),
        ("unix://run/hidden.sock", "a third one"),
        ("unix://", "a third one"),
    ],
)
def test_what_one_client_cannot_use_is_refused_without_being_repeated(text, told):
    with pytest.raises(ValueError, match="accepted") as refused:
        redis_parse(text)
    assert told in str(refused.value)
    assert "hidden" not in str(refused.value)


def test_a_password_that_is_stated_twice_is_refused():
    with pytest.raises(ValueError, match="REDIS_PASSWORD has one; accepted: one of them"):
        redis_parse("redis://:a@c", "b")


def test_a_password_is_in_no_representation():
    address = redis_parse("redis://:hunter2@c")
    assert "hunter2" not in repr(address) + repr(broker_of_redis(address))


def test_both_examples_are_accepted():
    for text in ("redis://user:password@host:6379/0", "unix:///run/redis.sock?db=0"):
        parse_url(redis_parse(text).url())
        assert broker_parse(text).is_redis
