"""One spelling per host."""

import pytest

from workers.backend.hosts import normalise


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("", "http://127.0.0.1:11434"),
        ("gpu", "http://gpu:11434"),
        ("gpu:80", "http://gpu:80"),
        (" gpu:80/ ", "http://gpu:80"),
        ("http://gpu", "http://gpu"),
        ("https://gpu/", "https://gpu"),
        ("https://gpu:444/ollama/", "https://gpu:444/ollama"),
        ("[::1]", "http://[::1]:11434"),
        ("[::1]:80", "http://[::1]:80"),
    ],
)
def test_a_host_is_one_url(text, url):
    assert normalise(text) == url


@pytest.mark.parametrize(
    "text", ["ftp://gpu", "http://", "gpu:99999", "http://[gpu", "http://gpu:x"]
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        normalise(text)
