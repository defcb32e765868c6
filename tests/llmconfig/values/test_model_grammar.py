"""Which texts are names of models is Ollama's decision; a refusal names the rule."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from llmconfig.values.model_grammar import broken_rule, is_name


@pytest.mark.parametrize(
    "name",
    [
        "a",
        "qwen3:8b",
        "_a.b-c_d:1.5-q4_K_M",
        "Qwen3:8B",
        "team/model",
        "library/qwen3:8b",
        "registry.ollama.ai/library/qwen3:8b",
        "https://registry.ollama.ai/library/qwen3:8b",
        "http://registry.local:5000/team/model",
        "localhost:5000/team/model:v1",
        "hf.co/bartowski/Llama-3.2-1B-Instruct-GGUF:Q4_K_M",
        f"{'h' * 38}/{'n' * 80}/{'a' * 80}",
    ],
)
def test_what_ollama_takes_for_a_name_is_one(name):
    assert is_name(name)
    assert broken_rule(name) is None


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("a b", "without a blank"),
        ("qwen3:8b ", "without a blank"),
        ("a\n", "without a blank"),
        ("a\tb", "without a blank"),
        ("modèle", "of the letters A to Z, digits and . _ - : / alone"),
        ("a\x00", "of the letters A to Z, digits and . _ - : / alone"),
        ("a@sha256:1", "of the letters A to Z, digits and . _ - : / alone"),
        ("a:", "with a tag after the :"),
        ("team/a:", "with a tag after the :"),
        ("a::b", "with one : between name and tag"),
        ("a:b:c", "with one : between name and tag"),
        (":b", "with a name before the :"),
        ("team/:b", "with a name before the :"),
        ("a//b", "with text before and after each /"),
        ("/a", "with text before and after each /"),
        ("a/", "with text before and after each /"),
        ("a/b/c/d", "of at most a host, a namespace and a name between slashes"),
        ("a/../b", "with a letter, a digit or _ at the start of each part"),
        ("../a", "with a letter, a digit or _ at the start of each part"),
        ("-rf", "with a letter, a digit or _ at the start of each part"),
        ("a:-b", "with a letter, a digit or _ at the start of each part"),
        ("hf.co/model", "with a namespace between the host and the name"),
        ("localhost:5000/model", "with a namespace between the host and the name"),
        ("https://a/b", "in the form host/namespace/name:tag"),
        ("a" * 201, "of at most 200 characters"),
        ("a" * 81, "with at most 80 characters in each part"),
        (f"{'n' * 81}/a:1", "with at most 80 characters in each part"),
        (f"a:{'t' * 81}", "with at most 80 characters in each part"),
    ],
)
def test_a_refusal_names_the_rule_that_is_broken(text, rule):
    assert not is_name(text)
    assert str(broken_rule(text)) == rule


@given(st.text(alphabet="aA0_.-:/ @é\n", max_size=12))
@example("a://b/c/d")
def test_every_text_but_none_is_a_name_or_breaks_a_rule(text):
    assert (broken_rule(text) is None) is (is_name(text) or not text)
