"""Short questions that generate nothing."""

import time

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


@pytest.mark.parametrize("host", [f"http://127.0.0.1:{free_port()}", "no address:x"])
def test_a_host_that_is_away_does_not_answer(host):
    assert backend.probe(host) is None


def test_a_host_that_comes_back_answers_again(fake_ollama):
    backend.probe(fake_ollama.host)
    fake_ollama.stop()
    assert backend.probe(fake_ollama.host) is None
    fake_ollama.start()
    assert backend.probe(fake_ollama.host)


def test_the_models_of_a_host_are_listed():
    with FakeOllama(models=["a:1", "b"]) as server:
        assert backend.models(server.host) == ("a:1", "b:latest")


@pytest.mark.parametrize(
    ("behaviour", "outcome"),
    [
        (b.Silent(), Outcome.SLOW),
        (b.Status(code=500), Outcome.TRANSIENT),
        (b.Html(), Outcome.TRANSIENT),
    ],
    ids=str,
)
def test_models_that_cannot_be_listed_are_a_classified_failure(fake_ollama, behaviour, outcome):
    fake_ollama.script("/api/tags", [behaviour])
    began = time.monotonic()
    with pytest.raises(AttemptFailed) as caught:
        backend.models(fake_ollama.host, timeout_seconds=0.3)
    assert time.monotonic() - began < HANGS
    assert caught.value.outcome is outcome
