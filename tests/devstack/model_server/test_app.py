"""The routes that generate nothing, asked by the official client or by hand."""

import datetime

import httpx
import ollama
import pytest

from tests.devstack.model_server.program import LONG, MODEL, SHORT


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", ["/", "/api/version", "/api/tags"])
def test_the_server_says_that_it_lives(server, method, path):
    assert httpx.request(method, server.url + path).status_code == 200


def test_the_root_greets_as_ollama_does(server):
    assert httpx.get(server.url).text == "Ollama is running"


def test_a_version_is_told(server):
    assert httpx.get(f"{server.url}/api/version").json()["version"].startswith("0.")


def test_three_models_are_listed(client):
    models = client.list().models
    assert [model.model for model in models] == [MODEL, SHORT, LONG]
    assert len({model.digest for model in models}) == 3
    assert all(model.size > 90_000_000 for model in models)
    assert models[0].details.quantization_level == "Q4_1"
    assert models[0].details.parameter_size == "134.52M"


@pytest.mark.parametrize(("name", "limit"), [(MODEL, 96), (SHORT, 48), (LONG, 192)])
def test_a_model_shows_what_it_is(client, name, limit):
    shown = client.show(name)
    assert shown.capabilities == ["completion"]
    assert shown.modelinfo["llama.context_length"] == 8192
    assert f"PARAMETER num_predict {limit}" in shown.modelfile
    assert shown.parameters.splitlines()[-1].split() == ["num_predict", str(limit)]
    assert "<|im_start|>" in shown.template


@pytest.mark.parametrize("name", ["smollm2:latest", "llama3.2:3b"])
def test_an_unknown_model_is_not_found(client, name):
    asked = [
        lambda: client.show(name),
        lambda: client.chat(name, messages=[{"role": "user", "content": "Hi"}]),
        lambda: client.generate(name, prompt="Hi"),
        lambda: list(client.generate(name, prompt="Hi", stream=True)),
        lambda: client.generate(name),
    ]
    for ask in asked:
        with pytest.raises(ollama.ResponseError, match=f"model '{name}' not found") as caught:
            ask()
        assert caught.value.status_code == 404


def test_loading_and_unloading_show_in_the_list_of_loaded_models(client):
    loaded = client.generate(LONG, keep_alive="1h", options={"num_ctx": 4096})
    assert (loaded.done, loaded.done_reason, loaded.response) == (True, "load", "")

    (resident,) = [model for model in client.ps().models if model.model == LONG]
    left = resident.expires_at - datetime.datetime.now(datetime.UTC)
    assert left == pytest.approx(datetime.timedelta(hours=1), abs=datetime.timedelta(minutes=1))
    assert resident.context_length == 4096

    unloaded = client.chat(LONG, keep_alive=0)
    assert (unloaded.done, unloaded.done_reason) == (True, "unload")
    assert LONG not in [model.model for model in client.ps().models]


@pytest.mark.parametrize(
    "action",
    [
        lambda client: client.pull("llama3.2:3b"),
        lambda client: list(client.pull("llama3.2:3b", stream=True)),
        lambda client: client.push(MODEL),
        lambda client: client.create("mine", from_=MODEL),
        lambda client: client.copy(MODEL, "mine"),
        lambda client: client.delete(MODEL),
        lambda client: client.embed(MODEL, "Hi"),
        lambda client: client.embeddings(MODEL, "Hi"),
    ],
)
def test_what_the_server_cannot_do_says_so(client, action):
    with pytest.raises(ollama.ResponseError, match=r"does not support .* OLLAMA_HOST") as caught:
        action(client)
    assert caught.value.status_code == 501
