"""Credentials of ``OLLAMA_HOST`` become a header and are no part of the host."""

import pytest

from config.variables.ollama import key_parse, ollama_parse
from workers.backends.hosts import basic


@pytest.mark.parametrize(
    ("text", "more", "authorization"),
    [
        ("gpu", {}, ""),
        ("http://me:p%40ss@gpu", {}, basic("me", "p@ss")),
        ("http://me@gpu", {"password": "p/s s"}, basic("me", "p/s s")),
        ("http://me@gpu", {}, basic("me", "")),
        ("https://gpu", {"key": "abc"}, "Bearer abc"),
    ],
)
def test_credentials_become_a_header(text, more, authorization):
    ollama = ollama_parse(text, **more)
    assert ollama.authorization == authorization
    assert "@" not in ollama.host
    assert authorization not in repr(ollama) or not authorization


@pytest.mark.parametrize(
    ("text", "more", "told"),
    [
        ("ftp://gpu", {}, "accepted: http:// or https://"),
        ("http://me:a@gpu", {"password": "hidden"}, "OLLAMA_PASSWORD has one; accepted: one"),
        ("http://gpu", {"password": "hidden"}, "names no user for OLLAMA_PASSWORD"),
        ("http://me:hidden@gpu", {"key": "hidden"}, "as Basic, OLLAMA_API_KEY as Bearer"),
    ],
)
def test_contradictions_are_refused_without_being_repeated(text, more, told):
    with pytest.raises(ValueError, match="accepted") as refused:
        ollama_parse(text, **more)
    assert told in str(refused.value)
    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize("text", ["a b", "a\nb", "ä"])
def test_a_key_is_what_a_header_can_carry(text):
    assert key_parse("sk-abc_1.2") == "sk-abc_1.2"
    with pytest.raises(ValueError, match="accepted: a key of ASCII characters, without blanks"):
        key_parse(text)
