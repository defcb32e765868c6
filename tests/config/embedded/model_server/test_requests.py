import pytest

from config.embedded.model_server.errors import RequestError
from config.embedded.model_server.requests import read_chat, read_generate, read_model

MODEL = "smollm2:135m"
USER = {"role": "user", "content": "Hi"}


def chat(**fields):
    return read_chat({"model": MODEL, "messages": [USER], **fields})


def generate(**fields):
    return read_generate({"model": MODEL, "prompt": "Hi", **fields})


def test_a_generation_streams_unless_told_otherwise():
    assert chat().stream
    assert not chat(stream=False).stream


def test_an_answer_repeats_the_name_as_it_was_written():
    generation = read_chat({"model": "SmolLM2:135M", "messages": [USER]})
    assert (generation.asked_model, generation.model.name) == ("SmolLM2:135M", MODEL)


def test_a_prompt_becomes_a_user_message():
    assert generate().content == [USER]


def test_system_comes_before_the_prompt():
    system = {"role": "system", "content": "Be terse."}
    assert generate(system="Be terse.").content == [system, USER]


def test_a_raw_prompt_stays_text():
    assert generate(raw=True).content == "Hi"


def test_roles_are_lower_cased_and_content_may_be_absent():
    generation = chat(messages=[{"role": "ASSISTANT"}, USER])
    assert generation.content == [{"role": "assistant", "content": ""}, USER]


@pytest.mark.parametrize("messages", [None, []])
def test_no_messages_mean_load(messages):
    assert chat(messages=messages).content is None


@pytest.mark.parametrize("fields", [{}, {"raw": True}, {"system": "Be terse."}])
def test_no_prompt_means_load(fields):
    assert generate(prompt="", **fields).content is None


@pytest.mark.parametrize(
    ("stated", "meant"),
    [(None, None), ("", None), ("json", "json"), ({"type": "string"}, {"type": "string"})],
)
def test_format_is_json_or_a_schema(stated, meant):
    assert chat(format=stated).format == meant


def test_older_clients_name_the_model_by_name():
    assert read_model({"name": MODEL}).name == MODEL


@pytest.mark.parametrize("body", [{}, {"model": ""}, {"model": None}, {"prompt": "Hi"}])
def test_a_model_is_required(body):
    for read in (read_chat, read_generate, read_model):
        with pytest.raises(RequestError, match=r"^model is required$"):
            read(body)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"model": 5}, '"model" must be a string'),
        ({"messages": "Hi"}, '"messages" must be an array'),
        ({"messages": ["Hi"]}, "array of objects"),
        ({"messages": [{"content": "Hi"}]}, "invalid role"),
        ({"messages": [{"role": "alien"}]}, "invalid role"),
        ({"messages": [{**USER, "content": ["Hi"]}]}, '"content" must be a string'),
        ({"messages": [{**USER, "images": ["aGk="]}]}, "does not support images"),
        ({"options": []}, '"options" must be an object'),
        ({"stream": "no"}, '"stream" must be a boolean'),
        ({"format": "xml"}, "invalid format"),
        ({"format": 5}, "invalid format"),
        ({"format": {"type": "strange"}}, "invalid JSON schema"),
        ({"keep_alive": "soon"}, "keep_alive"),
        ({"tools": [{"type": "function"}]}, "does not support tools"),
        ({"think": True}, "does not support thinking"),
        ({"logprobs": True}, "does not support logprobs"),
    ],
)
def test_bad_chats_are_refused(fields, complaint):
    with pytest.raises(RequestError, match=complaint) as caught:
        chat(**fields)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"prompt": ["Hi"]}, '"prompt" must be a string'),
        ({"system": 1}, '"system" must be a string'),
        ({"raw": "yes"}, '"raw" must be a boolean'),
        ({"raw": True, "system": "Be terse."}, "raw mode does not support"),
        ({"images": ["aGk="]}, "does not support images"),
        ({"template": "{{ .Prompt }}"}, "does not support template"),
        ({"context": [1, 2]}, "does not support context"),
        ({"suffix": "end"}, "does not support suffix"),
    ],
)
def test_bad_prompts_are_refused(fields, complaint):
    with pytest.raises(RequestError, match=complaint):
        generate(**fields)
