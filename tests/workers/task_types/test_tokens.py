"""The estimate of tokens is a bound for ordinary text in every script, and not a wild one.

``token_counts.json`` has texts with what the tokenizers of SmolLM2, Llama 2 (the same as the first
Mistral's), GPT-2 and two of OpenAI's count in them.
"""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.task_types.tokens import LONGEST_WORD, prefix_of, tokens_at_most

SAMPLES = json.loads((Path(__file__).parent / "token_counts.json").read_text())
#: A tokenizer that sees no end of a word adds one for the beginning of the text.
START = 2


@pytest.mark.parametrize("name", SAMPLES)
def test_no_tokenizer_counts_more_than_the_bound(name):
    counts = dict(SAMPLES[name])
    bound = tokens_at_most(counts.pop("text"))
    assert max(counts.values()) <= bound + START


@pytest.mark.parametrize("name", SAMPLES)
def test_the_bound_is_at_most_twice_what_some_tokenizer_counts(name):
    counts = dict(SAMPLES[name])
    bound = tokens_at_most(counts.pop("text"))
    assert bound <= 2 * max(counts.values())


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        ("a word", 1 + 2),
        ("1234", 4),
        ("数据分析", 10),
        ("🚀", 4),
        ("größer", 1 + 2 + 2 + 1),
        ("    return x", 2 + 2 + 1),
        ("x" * 50, 25),
        (" " * 32, 2 * 5),
    ],
)
def test_each_kind_of_character_has_its_price(text, tokens):
    assert tokens_at_most(text) == tokens


WORDS = st.text(alphabet=st.one_of(st.sampled_from("ab A1 \nä数🚀"), st.characters()))


@given(WORDS, st.integers(1, 50))
def test_a_prefix_costs_no_more_than_asked_and_the_longest_is_taken(text, tokens):
    end = prefix_of(text, tokens)
    assert tokens_at_most(text[:end]) <= tokens
    assert end == len(text) or tokens_at_most(text[: end + LONGEST_WORD + 2]) > tokens


@given(WORDS, WORDS)
def test_together_texts_cost_at_most_their_sum(one, other):
    assert tokens_at_most(one + other) <= tokens_at_most(one) + tokens_at_most(other) + 1
