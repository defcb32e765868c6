"""One slot: who waits, who leaves, and what happens to the slot then."""

import contextlib

import httpx
import pytest

from tests.devstack.model_server.program import (
    MODEL,
    QUICK,
    SLOW,
    Background,
    request_in_flight,
    running,
    seconds,
)

#: Some ten times what a busy machine needs to stop and to answer ``QUICK``; ``SLOW`` takes longer.
SOON = 5.0
LONG_PROMPT = {"model": MODEL, "prompt": "The server restarted again. " * 1200, "stream": False}


def quick_seconds(server):
    return seconds(lambda: server.post("/api/generate", QUICK).raise_for_status())


def test_a_stream_that_is_left_frees_the_slot(server):
    with request_in_flight(server, "/api/generate", SLOW) as connection:
        assert b"200 OK" in connection.recv(1000)
    assert quick_seconds(server) < SOON


def test_an_answer_that_nobody_waits_for_frees_the_slot(server):
    with request_in_flight(server, "/api/generate", {**SLOW, "stream": False}) as connection:
        connection.settimeout(1)
        with pytest.raises(TimeoutError):
            connection.recv(1)
    assert quick_seconds(server) < SOON


def test_a_client_that_leaves_while_its_prompt_is_read_frees_the_slot(server):
    with request_in_flight(server, "/api/generate", LONG_PROMPT) as connection:
        connection.settimeout(1)
        with pytest.raises(TimeoutError):
            connection.recv(1)
    assert quick_seconds(server) < SOON


def test_who_leaves_the_queue_is_never_served(server):
    with request_in_flight(server, "/api/generate", SLOW) as connection:
        connection.recv(1000)
        for _ in range(5):
            with request_in_flight(server, "/api/generate", SLOW):
                pass
    assert quick_seconds(server) < SOON


def test_other_questions_are_answered_while_one_generates(server):
    with request_in_flight(server, "/api/generate", SLOW) as connection:
        connection.recv(1000)
        for path in ("/api/tags", "/api/ps", "/api/version"):
            assert httpx.get(server.url + path, timeout=2).status_code == 200
        connection.setblocking(False)
        assert connection.recv(1_000_000)


def test_waiting_requests_are_served_in_turn(server):
    asked = [Background(lambda: server.post("/api/generate", QUICK).json()) for _ in range(6)]
    assert [answer.result()["done"] for answer in asked] == [True] * 6


def test_the_wait_for_the_slot_is_no_time_of_loading(server):
    body = {**QUICK, "options": {"num_predict": 40}}
    asked = [Background(lambda: server.post("/api/generate", body).json()) for _ in range(3)]
    answers = [answer.result() for answer in asked]
    assert all(answer["load_duration"] < answer["eval_duration"] for answer in answers)
    waits = sorted(
        answer["total_duration"]
        - sum(answer[f"{part}_duration"] for part in ("load", "prompt_eval", "eval"))
        for answer in answers
    )
    assert waits[0] < waits[1] < waits[2]
    assert waits[1] > min(answer["eval_duration"] for answer in answers) / 2


@pytest.mark.parametrize("stream", [False, True])
def test_a_stop_of_the_server_ends_what_runs_and_what_waits(stream):
    body = {**SLOW, "stream": stream}
    with running() as server, contextlib.ExitStack() as stack:
        asked = [
            stack.enter_context(request_in_flight(server, "/api/generate", body)) for _ in range(3)
        ]
        httpx.get(f"{server.url}/api/version")  # all three have arrived before
        server.process.terminate()
        assert seconds(lambda: server.process.wait(10)) < SOON
        answers = [connection.makefile("rb").read() for connection in asked]
    assert [b"the server is shutting down" in answer for answer in answers] == [True] * 3
