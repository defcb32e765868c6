import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmconfig.values.model_names import Policy, normalise_model
from tests.llmconfig.spellings import NAMES, spellings


@pytest.mark.parametrize(
    ("name", "normal"),
    [
        ("qwen3", "qwen3:latest"),
        ("qwen3:latest", "qwen3:latest"),
        ("llama3.2:3b", "llama3.2:3b"),
        ("team/model", "team/model:latest"),
        ("registry.local:5000/team/model", "registry.local:5000/team/model:latest"),
        ("registry.local:5000/team/model:v1", "registry.local:5000/team/model:v1"),
        ("Qwen3:8B", "qwen3:8b"),
        ("library/qwen3:8b", "qwen3:8b"),
        ("LIBRARY/Qwen3", "qwen3:latest"),
        ("registry.ollama.ai/library/qwen3:8b", "qwen3:8b"),
        ("https://registry.ollama.ai/library/qwen3:8b", "qwen3:8b"),
        ("http://Registry.Ollama.AI/library/qwen3", "qwen3:latest"),
        ("registry.ollama.ai/team/model", "team/model:latest"),
        ("hf.co/User/Model:Q4_K_M", "hf.co/user/model:q4_k_m"),
        ("https://hf.co/user/model:Q4", "hf.co/user/model:q4"),
        ("hf.co/library/model", "hf.co/library/model:latest"),
        ("library/team/model", "library/team/model:latest"),
        ("", ""),
    ],
)
def test_a_name_has_one_normal_form(name, normal):
    assert normalise_model(name) == normal


@pytest.mark.parametrize("text", ["a:", "a//b", "A b", "https://qwen3", "registry.ollama.ai/qwen3"])
def test_what_is_no_name_stays_as_it_is(text):
    assert normalise_model(text) == text


@given(NAMES, st.data())
def test_all_spellings_of_a_name_have_its_normal_form(name, data):
    assert normalise_model(data.draw(spellings(name))) == name


@given(NAMES, NAMES)
def test_different_normal_forms_are_different_models(one, other):
    assert (normalise_model(one) == normalise_model(other)) is (one == other)


@pytest.mark.parametrize(
    ("pattern", "model", "allowed"),
    [
        ("qwen3", "qwen3:latest", True),
        ("qwen3:latest", "qwen3", True),
        ("qwen3", "qwen3:8b", False),
        ("qwen3", "qwen30", False),
        ("llama3.2:*", "llama3.2:3b", True),
        ("llama3.2:*", "llama3.2", True),
        ("llama3.2:*", "llama3.20:3b", False),
        ("llama3*", "llama3.1:8b", True),
        ("qwen?", "qwen3", True),
        ("*", "hf.co/anyone/anything:Q4", True),
        ("hf.co/us/*", "hf.co/us/model:Q4", True),
        ("hf.co/us/*", "hf.co/them/model:Q4", False),
        ("qwen[23]:8b", "qwen3:8b", True),
        ("qwen3", "QWEN3", True),
        ("Qwen3:8B", "qwen3:8b", True),
        ("QWEN*", "qwen3:8b", True),
        ("library/qwen3:8b", "qwen3:8b", True),
        ("qwen3:8b", "https://registry.ollama.ai/library/Qwen3:8B", True),
        ("library/*", "qwen3:8b", True),
        ("library/*", "team/model", False),
        ("library/*", "hf.co/us/model:Q4", False),
        ("registry.ollama.ai/*", "qwen3:8b", True),
        ("registry.ollama.ai/*", "team/model", True),
        ("registry.ollama.ai/library/qwen?", "qwen3", True),
        ("https://registry.ollama.ai/team/*", "team/model", True),
        ("registry.ollama.ai/*", "hf.co/us/model:Q4", False),
        ("HF.co/us/*", "hf.co/US/model:Q4", True),
        ("*/*", "qwen3", False),
    ],
)
def test_patterns_allow_what_they_name(pattern, model, allowed):
    assert Policy((pattern,)).allows(model) is allowed


def test_each_of_many_patterns_counts():
    policy = Policy(tuple(f"m{n}-*" for n in range(300)))
    assert policy.allows("m0-a:1")
    assert policy.allows("m299-b")
    assert not policy.allows("m300-a")


def test_lists_of_tiers_are_united_and_one_without_a_list_allows_all():
    policy = Policy(("a*", "b*"))
    assert policy.narrowed([]) == policy
    assert policy.narrowed([("a",), None]) == policy
    narrow = policy.narrowed([("a:*",), ("b", "c")])
    assert [narrow.refusal(name) for name in ("a:1", "b:latest", "b:1", "c", "")] == [
        None,
        None,
        "not_allowed_for_tier",
        "not_allowed",
        None,
    ]


def test_no_list_allows_every_model():
    assert Policy().allows("anything")


def test_an_empty_list_allows_none():
    assert not Policy(()).allows("anything")


def test_no_fallback_is_never_refused():
    assert Policy(("a",)).refused(["", "a", "b"]) == ["b"]
