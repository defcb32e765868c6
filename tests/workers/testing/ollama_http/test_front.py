"""Routes and checks of the front, on the fake."""

import httpx
import pytest

from workers.testing.fake_ollama import FakeOllama

MODEL = "a:1"
HI = {"messages": [{"role": "user", "content": "Hi"}]}


@pytest.fixture(scope="module")
def http():
    models = [MODEL, "embed:1", "thinker:1"]
    with FakeOllama(models=models) as fake, httpx.Client(base_url=fake.host) as http:
        yield http


def refusal(http, path, **body):
    answer = http.post(path, json=body)
    return answer.status_code, answer.json()["error"]


@pytest.mark.parametrize("path", ["/", "/api/version", "/api/tags"])
def test_head_answers_as_get_does_without_a_body(http, path):
    asked, looked = http.head(path), http.get(path)
    assert (asked.status_code, asked.content) == (200, b"")
    assert asked.headers == looked.headers


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("HEAD", "/api/ps", "GET"),
        ("POST", "/", "GET, HEAD"),
        ("GET", "/api/chat", "POST"),
        ("POST", "/api/delete", "DELETE"),
    ],
)
def test_another_method_is_not_allowed(http, method, path, allowed):
    answer = http.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/api/tags/", 301), ("POST", "/api/show/", 307), ("GET", "/api/chat/", 404)],
)
def test_a_slash_at_the_end_leads_to_the_path_without_it(http, method, path, status):
    answer = http.request(method, path)
    assert answer.status_code == status
    assert answer.headers.get("location") == (None if status == 404 else path[:-1])


@pytest.mark.parametrize("path", ["/api/pull", "/api/push", "/api/create", "/api/embed"])
def test_models_are_not_managed(http, path):
    status, error = refusal(http, path, model=MODEL)
    assert status == 501
    assert "does not support" in error


def test_a_name_without_a_tag_is_not_found_as_latest(http):
    expected = (404, "model 'a:latest' not found")
    assert refusal(http, "/api/chat", model="a", **HI) == expected
    assert refusal(http, "/api/generate", model="a", prompt="Hi") == expected
    assert refusal(http, "/api/show", model="a") == expected


@pytest.mark.parametrize("name", ["a b", "a::b", "a/../b", "a:"])
def test_generate_does_not_find_a_bad_name_and_chat_refuses_it(http, name):
    assert refusal(http, "/api/generate", model=name, prompt="Hi")[0] == 404
    assert refusal(http, "/api/chat", model=name, **HI) == (400, "invalid model name")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        # Each but the last is also wrong in what stands below it.
        ({"top_logprobs": 21, "model": "nosuch"}, "top_logprobs must be between 0 and 20"),
        ({"model": "nosuch", "think": True}, "model 'nosuch:latest' not found"),
        ({"think": True, "tools": [{}]}, '"a:1" does not support thinking'),
        (
            {"tools": [{}], "options": {"seed": "x"}},
            "registry.ollama.ai/library/a:1 does not support tools",
        ),
        ({"options": {"seed": "x"}, "format": "x"}, 'option "seed" must be of type integer'),
    ],
)
def test_checks_have_ollamas_order(http, body, error):
    assert refusal(http, "/api/chat", **{"model": MODEL, **HI, **body})[1] == error


def test_a_load_does_not_look_at_the_format(http):
    answer = http.post("/api/chat", json={"model": MODEL, "format": "x"})
    assert answer.json()["done_reason"] == "load"


def test_an_embedding_model_does_not_chat(http):
    assert refusal(http, "/api/chat", model="embed:1", **HI) == (
        400,
        '"embed:1" does not support chat',
    )


@pytest.mark.parametrize("stream", [True, False])
def test_a_model_that_can_think_does_unless_it_is_told_not_to(http, stream):
    def thinking(**body):
        request = {"model": "thinker:1", "stream": stream, **HI, **body}
        return "thinking" in http.post("/api/chat", json=request).text

    assert [thinking(), thinking(think=True), thinking(think=False)] == [True, True, False]


@pytest.mark.parametrize("alternatives", [0, 2])
def test_log_probabilities_come_with_each_token(http, alternatives):
    body = {"model": MODEL, "stream": False, "logprobs": True, "top_logprobs": alternatives, **HI}
    [first, *_] = http.post("/api/chat", json=body).json()["logprobs"]
    assert bytes(first["bytes"]).decode() == first["token"]
    assert len(first.get("top_logprobs", ())) == alternatives


def test_keep_alive_0_unloads_a_model_after_its_answer(http):
    http.post("/api/chat", json={"model": MODEL, "keep_alive": 0, **HI})
    assert MODEL not in http.get("/api/ps").text


def test_num_predict_and_stop_end_the_default_text(http):
    def ended(**options):
        body = {"model": MODEL, "prompt": "Hi", "stream": False, "options": options}
        answer = http.post("/api/generate", json=body).json()
        return answer["response"], answer["done_reason"]

    assert ended() == ("This is the answer of a:1.", "stop")
    assert ended(num_predict=3) == ("This is the", "length")
    assert ended(stop=[" of"]) == ("This is the answer", "stop")
