"""The fake speaks Ollama's API to the official client, and logs what it saw."""

import asyncio
import gc
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import ollama
import pytest

from workers.testing import api
from workers.testing import behaviours as b
from workers.testing.behaviours.base import Behaviour
from workers.testing.by_name import BY_NAME, behaviour_of
from workers.testing.fake_ollama import FakeOllama

QUESTION = [{"role": "user", "content": "Why is the sky blue?"}]
SCHEMA = {
    "type": "object",
    "properties": {"tags": {"type": "array", "items": {"type": "string"}, "minItems": 1}},
    "required": ["tags"],
}


@pytest.fixture
def client(fake_ollama):
    client = ollama.Client(fake_ollama.host, timeout=2)
    yield client
    client.close()


def test_chat_answers_whole(client):
    answer = client.chat("ok:1", QUESTION)
    assert (answer.message.content, answer.done) == ("This is the answer of ok:1.", True)
    assert answer.prompt_eval_count == 15


def test_chat_streams(client):
    chunks = list(client.chat("ok:1", QUESTION, stream=True))
    assert "".join(chunk.message.content for chunk in chunks) == "This is the answer of ok:1."
    assert [chunk.done for chunk in chunks] == [False, False, False, True]
    assert chunks[-1].eval_count == 3


@pytest.mark.parametrize("stream", [False, True])
def test_generate_answers(client, stream):
    answer = client.generate("ok:1", "Why?", stream=stream)
    parts = list(answer) if stream else [answer]
    assert "".join(part.response for part in parts) == "This is the answer of ok:1."


def test_a_schema_is_answered_with_json_that_fits_it(client):
    answer = client.chat("ok:1", QUESTION, format=SCHEMA)
    assert json.loads(answer.message.content) == {"tags": ["sample"]}


def test_a_model_without_a_prompt_is_loaded_and_listed_as_running(client):
    assert client.ps().models == []
    assert client.generate("ok:1", options={"num_ctx": 512}).done_reason == "load"
    [running] = client.ps().models
    assert (running.model, running.context_length) == ("ok:1", 512)


def test_a_generation_loads_its_model_too(client, fake_ollama):
    client.chat("ok", QUESTION)
    assert [model.model for model in client.ps().models] == ["ok:latest"]
    fake_ollama.unload()
    assert client.ps().models == []


def test_models_are_listed_and_shown(client):
    assert "silent:1" in [model.model for model in client.list().models]
    assert client.show("ok:1").capabilities == ["completion"]


def test_a_model_that_is_missing_is_not_found_anywhere(client):
    for call in (client.show, client.generate, lambda name: client.chat(name, QUESTION)):
        with pytest.raises(ollama.ResponseError) as caught:
            call("missing:1")
        assert caught.value.status_code == 404


def test_only_the_models_it_was_given_exist():
    with FakeOllama(models=["a:1"]) as server, ollama.Client(server.host) as client:
        assert [model.model for model in client.list().models] == ["a:1"]
        assert client.chat("a:1", QUESTION).done
        with pytest.raises(ollama.ResponseError, match="not found"):
            client.chat("ok:1", QUESTION)


def test_models_are_not_managed(client):
    with pytest.raises(ollama.ResponseError, match="does not support delete") as caught:
        client.delete("ok:1")
    assert caught.value.status_code == 501


def test_a_script_is_consumed_one_behaviour_per_generation(client, fake_ollama):
    fake_ollama.script("m:1", [b.Status(code=503), "http-429", b.Ok(text="at last")])
    for code in (503, 429):
        with pytest.raises(ollama.ResponseError) as caught:
            client.chat("m:1", QUESTION)
        assert caught.value.status_code == code
    assert client.chat("m:1", QUESTION).message.content == "at last"
    assert client.chat("m:1", QUESTION).message.content == "This is the answer of m:1."
    behaviours = [exchange.behaviour for exchange in fake_ollama.requests("/api/chat")]
    assert behaviours == ["Status", "Status", "Ok", "Ok"]


def test_a_load_leaves_the_script_to_the_generation(client, fake_ollama):
    fake_ollama.script("m:1", [b.Status(code=503)])
    assert client.generate("m:1").done_reason == "load"
    with pytest.raises(ollama.ResponseError):
        client.chat("m:1", QUESTION)


def test_the_log_shows_that_a_client_left(client, fake_ollama):
    for chunk in client.chat("never-ending:1", QUESTION, stream=True):
        assert chunk.message.content
        break
    client.close()
    [chat] = fake_ollama.requests("/api/chat", "never-ending:1")
    assert fake_ollama.wait_until(lambda: chat.client_closed)
    assert chat.tokens_sent >= 1
    assert chat.seconds < 2


def test_the_log_shows_that_an_answer_was_taken_to_its_end(client, fake_ollama):
    client.chat("ok:1", QUESTION)
    [chat] = fake_ollama.requests("/api/chat")
    assert fake_ollama.wait_until(lambda: chat.ended_at)
    assert not chat.client_closed


def test_a_host_that_stops_is_gone_with_its_connections(client, fake_ollama):
    stream = client.chat("never-ending:1", QUESTION, stream=True)
    next(stream)
    fake_ollama.stop()
    with pytest.raises(Exception, match=r".+"):  # whatever the client makes of it
        list(stream)
    with pytest.raises(ConnectionError):
        client.list()


def test_a_host_that_starts_again_keeps_its_port(client, fake_ollama):
    host = fake_ollama.host
    fake_ollama.stop()
    fake_ollama.start()
    assert fake_ollama.host == host
    assert client.list().models


def test_a_taken_port_is_an_error(fake_ollama):
    with pytest.raises(OSError, match="in use"):
        FakeOllama(port=fake_ollama.port).start()


def test_many_clients_are_served_at_once(fake_ollama):
    async def ask_all():
        client = ollama.AsyncClient(fake_ollama.host)
        began = time.monotonic()
        await asyncio.gather(*(client.chat("slow-first-token-0.3:1", QUESTION) for _ in range(20)))
        await client.close()
        return time.monotonic() - began

    assert asyncio.run(ask_all()) < 20 * 0.3


@pytest.mark.parametrize(
    ("name", "behaviour"),
    [
        ("ok:1", b.Ok()),
        ("http-503:1", b.Status(code=503)),
        ("silent", b.Silent()),
        ("stall-after-7:1", b.StallAfter(tokens=7)),
        ("slow-first-token-0.5:latest", b.SlowFirstToken(seconds=0.5)),
        ("slow-load-2:1", b.SlowLoad(seconds=2.0)),
        ("missing-3:1", b.Missing()),
        ("llama3.2:3b", b.Ok()),
        ("qwen-2.5:7b", b.Ok()),
    ],
)
def test_a_models_name_asks_for_a_behaviour(name, behaviour):
    assert behaviour_of(name) == behaviour


def test_every_behaviour_has_a_name():
    assert {kind.__name__ for kind in BY_NAME.values()} == set(b.__all__) - {Behaviour.__name__}


@pytest.mark.parametrize(
    ("bytes_", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET / HTTP/2\r\n\r\n", b"400"),
        (b"POST /api/chat HTTP/1.1\r\ncontent-length: -1\r\n\r\n", b"400"),
        (b"x" * 2**17, b"431"),
    ],
    ids=["no request line", "another version", "no length", "no end"],
)
def test_what_is_no_request_is_refused_and_harms_nobody(fake_ollama, client, bytes_, status):
    with socket.create_connection((fake_ollama.address, fake_ollama.port), timeout=5) as plug:
        plug.sendall(bytes_)
        assert plug.recv(64).startswith(b"HTTP/1.1 " + status)
    assert client.chat("ok:1", QUESTION).done


def test_it_forgets_the_oldest_requests(fake_ollama, client, monkeypatch):
    monkeypatch.setattr(api, "LOG_LENGTH", 2)
    for name in ("a:1", "b:1", "c:1"):
        client.chat(name, QUESTION)
    assert [exchange.model for exchange in fake_ollama.log] == ["b:1", "c:1"]


def test_stopping_while_clients_connect_leaks_no_connection():
    for _ in range(10):
        over = threading.Event()
        with FakeOllama() as fake, ThreadPoolExecutor(1) as threads:
            threads.submit(_connect_until, over, fake.port)
            assert fake.wait_until(lambda fake=fake: fake.connections > 3)
            fake.stop()
            over.set()
    # A connection that is still open warns of it, which pytest takes for a failure.
    gc.collect()


def _connect_until(over, port):
    while not over.is_set():
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
