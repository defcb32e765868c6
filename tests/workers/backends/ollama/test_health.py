"""Short questions that generate nothing."""

import json
import time
from functools import partial

import pytest

from tests.workers.backends.ollama.asking import HANGS, failure, free_port
from workers.backends import ollama as backend
from workers.backends.ollama import HostAnswer, attempt
from workers.runs.outcomes import AttemptFailed, Cause, Outcome
from workers.testing import behaviours as b
from workers.testing.fake_ollama import FakeOllama
from workers.testing.script import EVERY_REQUEST, always

QUESTIONS = {
    "/api/tags": backend.installed,
    "/api/ps": backend.loaded,
    "/api/show": partial(backend.described, model="ok:1"),
}


def test_a_host_that_answers_tells_its_version(fake_ollama):
    assert backend.probe(fake_ollama.host) == HostAnswer(version="0.99.0")
    assert [exchange.path for exchange in fake_ollama.log] == ["/api/version"]


@pytest.mark.parametrize("behaviour", [b.Html(), b.Status(code=404), b.Status(code=200, raw=b"[]")])
def test_a_host_that_tells_no_version_answers_all_the_same(fake_ollama, behaviour):
    fake_ollama.script("/api/version", [behaviour])
    assert backend.probe(fake_ollama.host) == HostAnswer()


@pytest.mark.parametrize("behaviour", [b.Reset(), b.Garbage(), b.Silent()])
def test_a_host_that_fails_does_not_answer(fake_ollama, behaviour):
    fake_ollama.script("/api/version", [behaviour])
    answer = backend.probe(fake_ollama.host, timeout_seconds=0.3)
    assert answer.problem == "does not answer"


@pytest.mark.parametrize("code", [401, 402, 403, 407, 500, 502, 503, 504])
def test_a_host_that_refuses_even_its_version_says_with_what(fake_ollama, code):
    fake_ollama.script("/api/version", [b.Status(code=code)])
    assert backend.probe(fake_ollama.host).problem.startswith(f"refuses us: {code} ")


@pytest.mark.parametrize("code", [302, 401, 403, 404, 407, 502, 503, 504])
def test_a_refusal_of_every_path_is_the_hosts(fake_ollama, code):
    fake_ollama.script(EVERY_REQUEST, [always(b.Status(code=code, raw=b""))])
    failed = failure(fake_ollama.host, "m:1")
    assert (failed.outcome, failed.cause) == (Outcome.HOST, Cause.HOST_REFUSES)
    assert f"refuses us: {code} " in failed.reason


def test_a_page_on_every_path_is_the_hosts(fake_ollama):
    fake_ollama.script(EVERY_REQUEST, [always(b.Html())])
    failed = failure(fake_ollama.host, "m:1")
    assert (failed.outcome, failed.cause) == (Outcome.HOST, Cause.HOST_REFUSES)
    assert failed.reason.endswith("refuses us: it answers with text/html")


@pytest.mark.parametrize(("code", "other"), [(500, 403), (404, 503), (401, 502)])
def test_a_version_that_is_refused_otherwise_proves_nothing(fake_ollama, code, other):
    fake_ollama.script("/api/version", [b.Status(code=other)])
    fake_ollama.script("m:1", [b.Status(code=code, raw=b"")])
    assert failure(fake_ollama.host, "m:1").outcome is not Outcome.HOST


@pytest.mark.parametrize("path", QUESTIONS)
def test_a_question_that_every_path_refuses_says_so(fake_ollama, path):
    fake_ollama.script(EVERY_REQUEST, [always(b.Status(code=401))])
    with pytest.raises(AttemptFailed) as caught:
        QUESTIONS[path](fake_ollama.host)
    assert caught.value.reason == "Ollama's host refuses us: 401 Unauthorized"


def test_a_version_that_does_not_come_leaves_the_requests_own_failure(fake_ollama, monkeypatch):
    monkeypatch.setattr(attempt, "REFUSAL_SECONDS", 0.1)
    fake_ollama.script("/api/version", [b.Silent()])
    fake_ollama.script("m:1", [b.Status(code=401)])
    assert failure(fake_ollama.host, "m:1").cause is Cause.MODEL_REFUSED


@pytest.mark.parametrize(
    "host",
    [f"http://127.0.0.1:{free_port()}", "no address:x"],
    ids=["no one listens", "no address"],
)
def test_a_host_that_is_away_does_not_answer(host):
    assert backend.probe(host).problem == "does not answer"


def test_a_host_that_comes_back_answers_again(fake_ollama):
    backend.probe(fake_ollama.host)
    fake_ollama.stop()
    assert backend.probe(fake_ollama.host).problem
    fake_ollama.start()
    assert not backend.probe(fake_ollama.host).problem


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
