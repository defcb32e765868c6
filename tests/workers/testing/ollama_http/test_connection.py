"""HTTP/1.1 as clients write it, over a real socket."""

import asyncio
import socket
import threading

import pytest

from workers.testing.ollama_http.connection import Limits
from workers.testing.ollama_http.server import Server


@pytest.fixture
def talk():
    """Sends bytes to a server that answers with the body it read; what comes back."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def echo(connection, request):
        await connection.respond(200, request.content, {"Content-Type": request.path})

    server = Server(echo, limits=Limits(body=8, read=16), idle_seconds=5)
    port = asyncio.run_coroutine_threadsafe(server.listen("127.0.0.1", 0), loop).result()

    def talk(*parts):
        with socket.create_connection(("127.0.0.1", port), timeout=5) as plug:
            for part in parts:
                plug.sendall(part)
            plug.shutdown(socket.SHUT_WR)
            return plug.makefile("rb").read()

    yield talk
    asyncio.run_coroutine_threadsafe(server.close(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def body(answer):
    return answer.rpartition(b"\r\n\r\n")[2]


def test_a_body_may_come_in_chunks(talk):
    head = b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert body(talk(head, b"2\r\nab\r\n3;x=y\r\ncde\r\n", b"0\r\nTrailer: 1\r\n\r\n")) == b"abcde"


def test_a_client_that_waits_for_100_is_asked_to_go_on(talk):
    answer = talk(b"POST /a HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n", b"hi")
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")


def test_one_connection_serves_several_requests(talk):
    request = b"POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi"
    assert talk(request, request).count(b"200 OK") == 2


@pytest.mark.parametrize(
    "head", [b"GET /a HTTP/1.1\r\nConnection: close\r\n\r\n", b"GET /a HTTP/1.0\r\n\r\n"]
)
def test_a_connection_closes_when_its_client_wants_no_other_answer(talk, head):
    answer = talk(head + head)
    assert answer.count(b"200 OK") == 1
    assert b"Connection: close\r\n" in answer


def test_head_has_the_length_of_a_body_and_none(talk):
    answer = talk(b"HEAD /a HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi")
    assert b"Content-Length: 2\r\n" in answer
    assert body(answer) == b""


@pytest.mark.parametrize("length", [9, 16, 17, 10**9])
def test_a_body_over_the_limit_is_refused(talk, length):
    head = b"POST /a HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % length
    assert talk(head, b"x" * min(length, 17)).startswith(b"HTTP/1.1 413 ")


def test_chunks_over_the_limit_are_refused(talk):
    head = b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert talk(head, b"11\r\n").startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("size", [b"-1", b"xyz", b""])
def test_a_chunk_without_a_length_is_refused(talk, size):
    head = b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert talk(head, size + b"\r\n").startswith(b"HTTP/1.1 4")


def test_the_query_is_no_part_of_the_path(talk):
    assert b"Content-Type: /a\r\n" in talk(b"GET /a?b=c HTTP/1.1\r\n\r\n")
