import json

import pytest

from workers.testing.ollama_http.errors import RequestError
from workers.testing.ollama_http.requests import read_chat, read_generate, read_show

USER = {"role": "user", "content": "Hi"}


def chat(**fields):
    return read_chat(json.dumps({"model": "a:1", "messages": [USER], **fields}).encode())


def generate(**fields):
    return read_generate(json.dumps({"model": "a:1", "prompt": "Hi", **fields}).encode())


def test_what_is_not_stated_has_ollamas_defaults():
    generation = chat()
    assert (generation.stream, generation.truncate, generation.shift) == (True, True, True)
    assert (generation.think, generation.keep_alive, generation.format) == (None, None, None)


def test_null_is_not_stated():
    assert chat(stream=None, options=None, keep_alive=None, think=None) == chat()


def test_unknown_fields_are_ignored():
    assert chat(nonsense=1) == chat()


@pytest.mark.parametrize("body", [{"messages": []}, {"messages": None}])
def test_no_messages_mean_load(body):
    assert chat(**body).is_load


@pytest.mark.parametrize("fields", [{}, {"raw": True}, {"system": "Be terse."}])
def test_no_prompt_means_load(fields):
    assert generate(prompt="", **fields).is_load


def test_an_absent_think_asks_to_think():
    assert [chat(think=think).asks_to_think for think in (None, True, "low", False)] == [
        True,
        True,
        True,
        False,
    ]


def test_older_clients_name_a_model_to_show_by_name():
    assert read_show(b'{"name": "a:1"}').name == "a:1"


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"model": 5}, "number into Go struct field ChatRequest.model of type string"),
        ({"messages": "Hi"}, "string into Go struct field ChatRequest.messages of type []api.Mes"),
        ({"messages": ["Hi"]}, "string into Go struct field ChatRequest.messages of type api.Mes"),
        (
            {"messages": [{**USER, "content": ["Hi"]}]},
            "array into Go struct field ChatRequest.messages.content of type string",
        ),
        (
            {"options": []},
            "array into Go struct field ChatRequest.options of type map[string]inter",
        ),
        ({"stream": "no"}, "string into Go struct field ChatRequest.stream of type bool"),
        ({"truncate": 1}, "number into Go struct field ChatRequest.truncate of type bool"),
        ({"top_logprobs": 1.5}, "number 1.5 into Go struct field ChatRequest.top_logprobs of type"),
        ({"top_logprobs": {}}, "object into Go struct field ChatRequest.top_logprobs of type int"),
    ],
)
def test_wrong_types_are_refused_in_gos_words(fields, complaint):
    with pytest.raises(RequestError) as caught:
        chat(**fields)
    assert caught.value.message.startswith(f"json: cannot unmarshal {complaint}")
    assert caught.value.status == 400


def test_the_first_wrong_type_is_the_complaint():
    with pytest.raises(RequestError, match=r"ChatRequest\.stream"):
        chat(stream=1, truncate=1)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [({"think": 3}, "think must be a boolean"), ({"keep_alive": "soon"}, "time: invalid duration")],
)
def test_a_field_with_a_complaint_of_its_own_comes_before_wrong_types(fields, complaint):
    with pytest.raises(RequestError, match=complaint):
        chat(stream=1, **fields)


@pytest.mark.parametrize(
    ("image", "complaint"),
    [
        ("%%%", "illegal base64 data at input byte 0"),
        ("aGk", "illegal base64 data at input byte 0"),
        ("aGlo aGk=", "illegal base64 data at input byte 4"),
        (5, r"number into Go struct field GenerateRequest.images of type api.ImageData"),
    ],
)
def test_a_picture_must_be_base64(image, complaint):
    with pytest.raises(RequestError, match=complaint):
        generate(images=[image])


@pytest.mark.parametrize(
    ("body", "kind"), [(b"[1]", "array"), (b'"a"', "string"), (b"5", "number")]
)
def test_a_body_must_be_an_object(body, kind):
    with pytest.raises(RequestError, match=f"{kind} into Go value of type api.GenerateRequest"):
        read_generate(body)
