"""Looking at a model server: cheap, bounded, and remembered."""

import json
import time

import pytest

from workers.backends import load_faults
from workers.backends import ollama as backend
from workers.process.registry.survey import LOOK_SECONDS, Survey
from workers.testing import behaviours as b
from workers.testing.fake_ollama import FakeOllama
from workers.testing.script import EVERY_REQUEST, always


@pytest.fixture(autouse=True)
def fresh_backend():
    yield
    backend.close()


@pytest.fixture
def server():
    with FakeOllama(models=["a:1", "b:1", "embed:1"], resident=["b:1"]) as server:
        yield server


def tags(*models):
    listed = [{"model": name, "digest": digest, "size": 1} for name, digest in models]
    return b.Status(code=200, raw=json.dumps({"models": listed}).encode())


def entry(survey, name="a:1"):
    return next(model for model in survey.look({name}).models if model["name"] == name)


def test_a_server_tells_its_models_and_which_are_loaded(server):
    report = Survey(server.host).look({"a:1", "embed:1"})
    assert (report.version, report.error) == ("0.99.0", "")
    assert report.names() == {"a:1", "b:1", "embed:1"}
    told = {model["name"]: model for model in report.models}
    assert told["a:1"] == {
        "name": "a:1",
        "size": 1_000_000,
        "digest": "0" * 64,
        "context_length": 4096,
        "capabilities": ["completion"],
        "loaded": False,
        "context_window": None,
        "fault": "",
    }
    assert (told["b:1"]["loaded"], told["b:1"]["context_window"]) == (True, 4096)
    assert told["embed:1"]["capabilities"] == ["embedding"]


def test_only_configured_models_are_described_and_only_once(server):
    survey = Survey(server.host)
    for _ in range(3):
        survey.look({"a:1", "elsewhere:1"})
    assert [exchange.model for exchange in server.requests("/api/show")] == ["a:1"]


def test_a_model_with_another_digest_is_described_again(server):
    survey = Survey(server.host)
    for digest in ("one", "one", "two"):
        server.script("/api/tags", [tags(("a:1", digest))])
        survey.look({"a:1"})
    assert len(server.requests("/api/show")) == 2


def test_a_model_that_could_not_be_described_is_asked_for_again(server):
    server.script("/api/show", [b.Status(code=500)])
    survey = Survey(server.host)
    first, again = entry(survey), entry(survey)
    assert (first["capabilities"], again["capabilities"]) == (None, ["completion"])
    assert first["fault"].startswith("Ollama failed: HTTP 500")
    assert again["fault"] == ""


@pytest.mark.parametrize("answer", [b.Missing(), b.Status(code=500), b.Status(code=400)])
def test_a_model_that_is_listed_and_cannot_be_shown_has_a_fault(server, answer):
    server.script("/api/show", [answer])
    assert bool(entry(Survey(server.host))["fault"]) is (answer != b.Status(code=400))


def test_a_host_that_refuses_everything_is_reported_with_its_status(server):
    server.script(EVERY_REQUEST, [always(b.Status(code=401))])
    assert Survey(server.host).look({"m:1"}).error == "Ollama's host refuses us: 401 Unauthorized"


@pytest.mark.parametrize("answer", [b.Silent(), b.NoSuchPath()])
def test_a_server_that_shows_no_model_blames_none(server, monkeypatch, answer):
    monkeypatch.setattr("workers.process.registry.survey.LOOK_SECONDS", 0.3)
    server.script("/api/show", [answer])
    assert entry(Survey(server.host))["fault"] == ""


def test_a_model_that_could_not_be_loaded_has_a_fault_until_its_digest_changes(server):
    survey = Survey(server.host)
    server.script("/api/tags", [tags(("a:1", digest)) for digest in ("one", "one", "two")])
    survey.look({"a:1"})
    load_faults.note(server.host, "library/A:1", "requires more system memory")
    faults = [entry(survey)["fault"] for _ in range(2)]
    assert faults == ["requires more system memory", ""]


def test_a_model_that_is_loaded_has_no_fault(server):
    load_faults.note(server.host, "b:1", "requires more system memory")
    assert entry(Survey(server.host), "b:1")["fault"] == ""


def test_a_server_that_is_away_keeps_its_last_known_models_none_loaded(server):
    survey = Survey(server.host)
    survey.look({"a:1"})
    server.stop()
    report = survey.look({"a:1"})
    assert "cannot be reached" in report.error
    assert report.names() == {"a:1", "b:1", "embed:1"}
    assert not any(model["loaded"] for model in report.models)
    server.start()
    assert survey.look({"a:1"}).error == ""


@pytest.mark.parametrize("behaviour", [b.Silent(), b.Trickle(0.2), b.SlowHead(0.1)], ids=str)
@pytest.mark.parametrize("path", ["/api/tags", "/api/ps", "/api/show", "/api/version"])
def test_a_look_ends_in_time_whatever_hangs(server, monkeypatch, path, behaviour):
    monkeypatch.setattr("workers.process.registry.survey.LOOK_SECONDS", 0.3)
    server.script(path, [behaviour] * 3)
    began = time.monotonic()
    Survey(server.host).look({"a:1", "b:1", "embed:1"})
    assert time.monotonic() - began < LOOK_SECONDS


def test_a_look_never_generates_or_loads(server):
    Survey(server.host).look({"a:1", "b:1"})
    paths = {exchange.path for exchange in server.log}
    assert paths == {"/api/tags", "/api/ps", "/api/show", "/api/version"}
