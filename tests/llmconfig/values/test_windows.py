"""How much of a window an answer may have."""

import pytest

from llmconfig.values.windows import Window, WindowSource


def window(tokens):
    return Window(tokens=tokens, source=WindowSource.DEFAULT, place="")


@pytest.mark.parametrize(
    ("tokens", "longest"),
    [(4096, 3840), (512, 256), (300, 150), (1, 1)],
    ids=["a prompt of 256 tokens", "half of a small one", "half", "nothing to halve"],
)
def test_an_answer_leaves_room_for_a_prompt(tokens, longest):
    assert window(tokens).longest_answer == longest


@pytest.mark.parametrize(
    ("max_tokens", "kept"), [(None, 1024), (600, 600), (3000, 2048), (100_000, 2048)]
)
def test_a_prompt_that_can_be_shortened_keeps_room_for_the_answer(max_tokens, kept):
    assert window(4096).answer_tokens(max_tokens) == kept
