"""``OLLAMA_HOST`` means what it means to the official client."""

import pytest
from ollama._client import _parse_host

from workers.backends.hosts import basic, host_parse, normalise

HOSTS = ["", "gpu", "10.0.0.7", "GPU.Example", "[::1]", "[0001:002::1]", "gpu_box-1"]
WRITTEN = [
    f"{scheme}{host}{port}{path}"
    for scheme in ("", "http://", "https://")
    for host in HOSTS
    for port in ("", ":80", ":11434", ":")
    for path in ("", "/", "/ollama", "/ollama/v2/")
]


@pytest.mark.parametrize("text", [text for text in WRITTEN if text not in {"http://", "https://"}])
def test_a_host_is_read_as_the_official_client_reads_it(text):
    assert normalise(text) == _parse_host(text)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("", "http://127.0.0.1:11434"),
        (" gpu:80/ ", "http://gpu:80"),
        ("http://gpu", "http://gpu:80"),
        ("https://gpu/", "https://gpu:443"),
        ("HTTP://gpu", "http://gpu:80"),
        ("http://", "http://127.0.0.1:80"),
    ],
)
def test_a_host_is_one_url(text, url):
    assert normalise(text) == url
    assert normalise(normalise(text)) == url


@pytest.mark.parametrize(
    "text",
    ["ftp://gpu", "gpu:99999", "http://[gpu", "http://gpu:x", '"http://gpu"', "'gpu'", "a b",
     "http://gpu?a=1", "http://gpu#a", "me:p/ss@gpu", "http://me:p@ss@gpu", "::1", "gpu,other"],
)  # fmt: skip
def test_what_is_no_address_is_refused_with_what_is(text):
    with pytest.raises(ValueError, match=r"accepted: .*gpu-box:11434") as refused:
        normalise(text)
    assert "ss@gpu" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "user", "password"),
    [
        ("https://me:p%40ss@gpu", "me", "p@ss"),
        ("me:pass@gpu:443", "me", "pass"),
        ("https://me@gpu", "me", None),
        ("https://gpu", None, None),
    ],
)
def test_user_and_password_are_no_part_of_the_url(text, user, password):
    host = host_parse(text)
    assert (host.user, host.password) == (user, password)
    assert "@" not in host.url
    assert "pass" not in repr(host)


def test_credentials_are_sent_as_basic():
    assert basic("Aladdin", "open sesame") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
