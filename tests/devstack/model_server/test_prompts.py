import pytest

from devstack.model_server.catalogue import find_weights
from devstack.model_server.gguf import read_header
from devstack.model_server.prompts import SYSTEM, Prompt, chat_text, cut, whole
from devstack.model_server.tokenizer import Tokenizer
from workers.testing.ollama_http.requests import Generation

USER = {"role": "user", "content": "Hi"}


@pytest.fixture(scope="module")
def header():
    return read_header(find_weights())


@pytest.fixture(scope="module")
def tokenizer(header):
    return Tokenizer(header)


def test_the_template_of_the_weights_has_the_system_message_that_is_written_out_here(header):
    assert f"<|im_start|>system\n{SYSTEM}<|im_end|>\n" in header.text("tokenizer.chat_template")


def test_messages_become_chatml():
    system = {"role": "system", "content": "Be terse."}
    assert chat_text([system, USER]) == (
        "<|im_start|>system\nBe terse.<|im_end|>\n"
        "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    )


def test_without_a_system_message_there_is_that_of_the_weights():
    assert chat_text([USER]).startswith(f"<|im_start|>system\n{SYSTEM}<|im_end|>\n")


def test_the_last_message_of_the_assistant_is_continued():
    assert chat_text([USER, {"role": "assistant", "content": "Well,"}]).endswith("assistant\nWell,")


def test_roles_are_lower_cased_and_content_may_be_absent(tokenizer):
    generation = Generation(is_chat=True, messages=({"role": "ASSISTANT"}, USER))
    assert whole(tokenizer, generation).messages == [{"role": "assistant", "content": ""}, USER]


def test_a_prompt_is_a_chat_of_one_message(tokenizer):
    chat = Generation(is_chat=True, messages=(USER,))
    assert whole(tokenizer, Generation(is_chat=False, prompt="Hi")) == whole(tokenizer, chat)


def test_system_comes_before_the_prompt(tokenizer):
    prompt = whole(tokenizer, Generation(is_chat=False, prompt="Hi", system="Be terse."))
    assert prompt.messages == [{"role": "system", "content": "Be terse."}, USER]


def test_a_raw_prompt_and_one_with_a_template_stay_as_they_are(tokenizer):
    raw = Generation(is_chat=False, prompt="Hi", raw=True)
    own = Generation(is_chat=False, prompt="Hi", system="S", template="{{ .System }}:{{ .Prompt }}")
    assert whole(tokenizer, raw) == Prompt(tokenizer.ids("Hi"))
    assert whole(tokenizer, own) == Prompt(tokenizer.ids("S:Hi"))


def test_a_context_comes_first_and_has_the_system_message_already(tokenizer):
    prompt = whole(tokenizer, Generation(is_chat=False, prompt="Hi", context=(7, 8)))
    turn = "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    assert prompt == Prompt([7, 8, *tokenizer.ids(turn)])


@pytest.mark.parametrize(
    ("length", "keep", "left"),
    [
        (10, None, [0, 1, 2, 3, 97, 98, 99]),
        (10, 0, [95, 96, 97, 98, 99]),
        (4, None, [0, 1, 2, 3]),
        (4, 100, [0, 1, 2, 3]),
    ],
)
def test_a_prompt_is_cut_to_its_first_few_tokens_and_the_end(length, keep, left):
    assert cut(Prompt(range(100), [USER]), length, keep) == Prompt(left)
