"""Other processes read the log and add scripts over HTTP."""

import httpx
import ollama
import pytest

from tests.workers.testing.test_fake_ollama import QUESTION


@pytest.fixture
def http(fake_ollama):
    with httpx.Client(base_url=fake_ollama.host, trust_env=False) as client:
        yield client


def test_the_log_tells_each_request(fake_ollama, http):
    fake_ollama.load("ok:1")
    with ollama.Client(fake_ollama.host) as client:
        client.chat("ok:1", QUESTION, options={"seed": 7})
    [told] = http.get("/fake/log").json()
    assert told["body"]["options"] == {"seed": 7}
    assert told["seconds"] >= 0
    assert told["at"].endswith("+00:00")
    assert {key: told[key] for key in ("path", "model", "behaviour", "tokens_sent")} == {
        "path": "/api/chat",
        "model": "ok:1",
        "behaviour": "Ok",
        "tokens_sent": 3,
    }
    assert told["client_closed"] is False


def test_a_script_is_added(fake_ollama, http):
    assert http.put("/fake/script", json={"script": {"m:1": ["http-418"]}}).status_code == 200
    with ollama.Client(fake_ollama.host) as client, pytest.raises(ollama.ResponseError) as caught:
        client.chat("m:1", QUESTION)
    assert caught.value.status_code == 418


def test_a_script_that_cannot_be_used_is_refused(http):
    answer = http.put("/fake/script", json={"script": {"m:1": ["good"]}})
    assert answer.status_code == 400
    assert "script.m:1[0].behaviour: 'good'" in answer.json()["error"]


def test_other_paths_say_which_there_are(http):
    answer = http.delete("/fake/log")
    assert (answer.status_code, answer.json()["error"]) == (
        404,
        "accepted: GET /fake/log, PUT /fake/script, GET /fake/statistics,"
        " DELETE /fake/statistics, PUT /fake/places",
    )
