import pytest

from workers.testing.ollama_http import names


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("smollm2:135m", "smollm2:135m"),
        ("SmolLM2:135M", "smollm2:135m"),
        ("library/smollm2:135m", "smollm2:135m"),
        ("registry.ollama.ai/library/smollm2:135m", "smollm2:135m"),
        ("https://registry.ollama.ai/library/smollm2:135m", "smollm2:135m"),
        ("smollm2", "smollm2:latest"),
        ("someone/smollm2:135m", "someone/smollm2:135m"),
        ("host:5000/someone/smollm2", "host:5000/someone/smollm2:latest"),
    ],
)
def test_names_of_one_model_have_one_key(text, key):
    assert names.key(text) == key


@pytest.mark.parametrize(
    "text",
    ["", "a b", "a::b", "a/../b", "smollm2:", ":1", "/a", "a//b", "a/b/c/d", "-a", "é", "a" * 81],
)
def test_bad_names_are_invalid(text):
    assert names.parse(text) is None


def test_the_full_name_says_where_the_model_comes_from():
    assert names.parse("smollm2:135m").full == "registry.ollama.ai/library/smollm2:135m"
