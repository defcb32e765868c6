import logging
import os
import threading

import pytest
import redis
from django.conf import settings

from llmconfig.cache import outage, server
from llmconfig.cache.server import MAX_IDLE, Server, Unavailable


@pytest.fixture
def own():
    return Server(settings.REDIS_URL)


def number(wire):
    return wire.call("CLIENT", "ID")


def test_a_connection_is_used_again(own):
    assert own.ask(number) == own.ask(number)


def test_threads_have_connections_of_their_own_at_a_time(own):
    seen, both = set(), threading.Barrier(2)

    def ask():
        def work(wire):
            both.wait(10)
            return number(wire)

        seen.add(own.ask(work))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 2
    assert own.ask(number) in seen


def test_a_forked_process_makes_connections_of_its_own(own, monkeypatch):
    monkeypatch.setitem(server._servers, settings.REDIS_URL, own)
    ours = server.current().ask(number)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, str(server.current().ask(number)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = int(os.read(reader, 100))
    os.close(reader)
    os.close(writer)
    assert theirs != ours
    assert server.current().ask(number) == ours, "the child left it alone"


def test_no_more_connections_are_kept_than_are_useful(own):
    def nested(depth):
        return own.ask(lambda wire: depth and nested(depth - 1))

    nested(MAX_IDLE + 5)
    assert len(own._idle) == MAX_IDLE


def test_a_connection_with_half_an_answer_is_not_used_again(own):
    first = own.ask(number)

    def work(wire):
        wire._connection.send_command("PING")
        raise ValueError("before the answer is read")

    with pytest.raises(Unavailable):
        own.ask(work)
    assert own.ask(number, insist=True) != first


def test_a_refusal_is_an_outage_that_writers_do_not_wait_out(own, monkeypatch):
    monkeypatch.setattr(outage, "PAUSE_SECONDS", 60)
    with pytest.raises(Unavailable) as told:
        own.ask(lambda wire: wire.call("NO SUCH COMMAND"))
    assert isinstance(told.value.__cause__, redis.ResponseError)
    with pytest.raises(Unavailable):
        own.ask(number)
    assert own.ask(number, insist=True)
    assert own.ask(number)


@pytest.mark.parametrize(
    "url", ["redis://127.0.0.1:1/0", "redis://127.0.0.1:port/0", "unix:///no/such/socket"]
)
def test_what_cannot_be_reached_is_unavailable(url):
    with pytest.raises(Unavailable):
        Server(url).ask(number)


def test_the_limits_are_ours_whatever_the_url_says():
    wire = server.Wire(f"{settings.REDIS_URL}?socket_timeout=60")
    assert wire._connection.socket_timeout == server.TIMEOUT_SECONDS


def test_no_password_is_told(caplog):
    for url in ("redis://:hunter2@127.0.0.1:1/0", "redis://:hunter2@127.0.0.1:hunter2/0"):
        with caplog.at_level(logging.WARNING, logger="llmconfig.cache"), pytest.raises(Unavailable):
            Server(url).ask(number)
    assert caplog.text.count("does not answer") == 2
    assert "hunter2" not in caplog.text
