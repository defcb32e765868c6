"""Short questions that generate nothing."""

import json
import time
from functools import partial

import pytest

from tests.workers.backend.asking import HANGS, free_port
from workers import backend
from workers.outcomes import AttemptFailed, Outcome
from workers.testing import behaviours as b
from workers.testing.fake_ollama import FakeOllama


def test_a_host_that_answers_tells_its_version(fake_ollama):
    assert backend.probe(fake_ollama.host) == "0.99.0"
    assert [exchange.path for exchange in fake_ollama.log] == ["/api/version"]


@pytest.mark.parametrize("behaviour", [b.Html(), b.Status(code=404), b.Status(code=200, raw=b"[]")])
def test_a_host_that_tells_no_version_answers_all_the_same(fake_ollama, behaviour):
    fake_ollama.script("/api/version", [behaviour])
    assert backend.probe(fake_ollama.host) == ""


@pytest.mark.parametrize("behaviour", [b.Status(code=502), b.Reset(), b.Garbage(), b.Silent()])
def test_a_host_that_fails_does_not_answer(fake_ollama, behaviour):
    fake_ollama.script("/api/version", [behaviour])
    assert backend.probe(fake_ollama.host, timeout_seconds=0.3) is None


@pytest.mark.parametrize(
    "host",
    [f"http://127.0.0.1:{free_port()}", "no address:x"],
    ids=["no one listens", "no address"],
)
def test_a_host_that_is_away_does_not_answer(host):
    assert backend.probe(host) is None


def test_a_host_that_comes_back_answers_again(fake_ollama):
    backend.probe(fake_ollama.host)
    fake_ollama.stop()
    assert backend.probe(fake_ollama.host) is None
    fake_ollama.start()
    assert backend.probe(fake_ollama.host)


QUESTIONS = {
    "/api/tags": backend.installed,
    "/api/ps": backend.loaded,
    "/api/show": partial(backend.described, model="ok:1"),
}


def test_the_models_of_a_host_are_listed_with_size_and_digest():
    with FakeOllama(models=["a:1", "b"]) as server:
        found = backend.installed(server.host)
    assert [model.name for model in found] == ["a:1", "b:latest"]
    assert [(model.size_bytes, model.digest) for model in found] == [(1_000_000, "0" * 64)] * 2


def test_the_loaded_models_of_a_host_are_listed():
    with FakeOllama(models=["a:1", "b"], resident=["b"]) as server:
        assert backend.loaded(server.host) == {"b:latest": 4096}


@pytest.mark.parametrize("told", [{}, {"context_length": None}, {"context_length": 0}], ids=str)
def test_a_loaded_model_whose_context_is_not_told_has_none(fake_ollama, told):
    raw = json.dumps({"models": [{"model": "a:1", **told}]}).encode()
    fake_ollama.script("/api/ps", [b.Status(code=200, raw=raw)])
    assert backend.loaded(fake_ollama.host) == {"a:1": None}


@pytest.mark.parametrize(
    ("model", "capabilities"), [("ok:1", ("completion",)), ("embed:1", ("embedding",))]
)
def test_a_model_is_described_without_being_loaded(fake_ollama, model, capabilities):
    details = backend.described(fake_ollama.host, model)
    assert (details.context_length, details.capabilities) == (4096, capabilities)
    assert backend.loaded(fake_ollama.host) == {}


@pytest.mark.parametrize(
    "told", [{}, {"model_info": {}}, {"model_info": {"x.context_length": "many"}}], ids=str
)
def test_what_a_host_does_not_tell_of_a_model_is_none(fake_ollama, told):
    raw = json.dumps({"model_info": None, **told}).encode()
    fake_ollama.script("/api/show", [b.Status(code=200, raw=raw)])
    details = backend.described(fake_ollama.host, "ok:1")
    assert (details.context_length, details.capabilities) == (None, None)


def test_a_missing_model_is_described_as_missing(fake_ollama):
    with pytest.raises(AttemptFailed) as caught:
        backend.described(fake_ollama.host, "missing:1")
    assert caught.value.outcome is Outcome.UNUSABLE


@pytest.mark.parametrize("path", QUESTIONS)
@pytest.mark.parametrize(
    ("behaviour", "outcome"),
    [
        (b.Silent(), Outcome.SLOW),
        (b.SlowHead(0.01), Outcome.SLOW),
        (b.Trickle(0.05), Outcome.SLOW),
        (b.Status(code=500), Outcome.TRANSIENT),
        (b.Status(code=200, raw=b"[]"), Outcome.TRANSIENT),
        (b.Html(), Outcome.TRANSIENT),
    ],
    ids=str,
)
def test_a_question_that_is_not_answered_is_a_classified_failure_in_time(
    fake_ollama, path, behaviour, outcome
):
    fake_ollama.script(path, [behaviour])
    began = time.monotonic()
    with pytest.raises(AttemptFailed) as caught:
        QUESTIONS[path](fake_ollama.host, timeout_seconds=0.3)
    assert time.monotonic() - began < HANGS
    assert caught.value.outcome is outcome


def test_no_question_generates(fake_ollama):
    for ask in QUESTIONS.values():
        ask(fake_ollama.host)
    assert {exchange.path for exchange in fake_ollama.log} == set(QUESTIONS)
