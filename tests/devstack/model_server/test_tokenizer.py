"""Our token ids are the engine's."""

import random

import pytest

from devstack.model_server.catalogue import find_weights
from devstack.model_server.gguf import read_header
from devstack.model_server.prompts import chat_text
from devstack.model_server.tokenizer import Tokenizer
from tests.devstack.model_server.program import MODEL

TEXTS = [
    "Say hi.",
    "  two  spaces\n\n\tand\ttabs \n x",
    "It's we'll I'd can't they're ok",
    "Größe über Straße, naïve café",
    "数据分析报告，第12章。",
    "1234567890 12.5 ½ ² Ⅷ",
    "🙂👨‍👩‍👧 emoji 🎉!",
    "def f(x):\n    return x_1 + __y__\n",
    "<|im_start|>user\nhi<|im_end|>\n",
    "\r\n a\r\nb",
    "Привет мир",
    "ﬁ e\u0301 \u00a0\u2003…—„“",
    "a" * 500,
]
ALPHABET = [*"abc ABC .,'\n\t12½äß数🙂_-", "<|im_end|>"]


@pytest.fixture(scope="module")
def tokenizer():
    return Tokenizer(read_header(find_weights()))


def test_a_prompt_has_as_many_tokens_as_the_engine_counts(client, tokenizer):
    pick = random.Random(1)
    invented = ["".join(pick.choices(ALPHABET, k=pick.randint(1, 60))) for _ in range(12)]
    for text in [*TEXTS, *invented]:
        raw = client.generate(MODEL, prompt=text, raw=True, options={"num_predict": 1})
        assert raw.prompt_eval_count == len(tokenizer.ids(text)), text


def test_a_chat_has_as_many_tokens_as_the_engine_counts(client, tokenizer):
    system, user = {"role": "system", "content": "数 x"}, {"role": "user", "content": " Hi \n"}
    answer = {"role": "assistant", "content": "Well,"}
    for messages in ([user], [system, user], [user, answer], [user, answer, user]):
        chat = client.chat(MODEL, messages, options={"num_predict": 1})
        assert chat.prompt_eval_count == len(tokenizer.ids(chat_text(messages)))


def test_the_ids_are_those_of_the_vocabulary(tokenizer):
    assert tokenizer.ids("<|im_start|>user\n") == [1, 4093, 198]


def test_a_long_word_takes_no_more_time_than_its_length(tokenizer):
    assert len(tokenizer.ids("ab" * 20_000)) > 1000
