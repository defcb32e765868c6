"""A plausible tokenizer's counts."""

import pytest

from workers.testing import tokens
from workers.testing.ollama_http.requests import Generation


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("word " * 100, 101),  # the space at the end is one
        ("1234567890", 10),
        ("数据分析", 4),
        ("The weekly report of the team, in short.", 10),
        ("internationalisation", 4),
        ("größer", 3),
        ("🙂", 3),
    ],
)
def test_tokens_are_counted_as_a_tokenizer_of_english_does(text, count):
    assert tokens.count(text) == count


@pytest.mark.parametrize("text", ["internationalisation", "Größe: 12 🙂\n\n数据 x"])
def test_tokens_add_up_to_the_text(text):
    assert "".join(tokens.split(text)) == text


def test_a_prompt_has_the_marks_of_its_template_too():
    messages = ({"role": "user", "content": "word " * 6000},)
    assert tokens.prompt_tokens(Generation(is_chat=True, messages=messages)) == 6010
    assert tokens.prompt_tokens(Generation(is_chat=False, prompt="Say hi.", raw=True)) == 3
