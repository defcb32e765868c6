"""Hosts and origins are compared by Django as they are read here, or refused at start."""

import pytest
from django.core.exceptions import DisallowedHost
from django.test import RequestFactory, override_settings

from config.variables.web import hosts_parse, origins_parse, path_parse, site_parse


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("app.example", ("app.example",)),
        (" app.example , APP.example. ,", ("app.example", "app.example")),
        (".example,*", (".example", "*")),
        ("10.0.0.7,[::1],localhost", ("10.0.0.7", "[::1]", "localhost")),
    ],
)
def test_hosts_are_read_as_django_compares_them(text, hosts):
    assert hosts_parse(text) == hosts


@pytest.mark.parametrize("text", ["app.example", " app.example ", "APP.EXAMPLE.", ".example"])
def test_a_host_that_is_accepted_is_answered(text):
    request = RequestFactory().get("/", headers={"Host": "app.example:8443"})
    with override_settings(ALLOWED_HOSTS=list(hosts_parse(text))):
        assert request.get_host() == "app.example:8443"
    with override_settings(ALLOWED_HOSTS=[]), pytest.raises(DisallowedHost):
        request.get_host()


@pytest.mark.parametrize(
    "text",
    ["https://app.example", "app.example:8000", "app.example/", '"app.example"', "'a','b'", "a b",
     "*.example", "a_b", "bücher.example", "::1", "a;b", "http://", "[localhost]", "-a", "a..b"],
)  # fmt: skip
def test_what_no_host_is_compared_with_is_refused(text):
    with pytest.raises(ValueError, match="accepted: host names with commas between, without sch"):
        hosts_parse(text)


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("https://app.example", ("https://app.example",)),
        (" https://App.Example/ , http://localhost:8000,", (
            "https://app.example", "http://localhost:8000",
        )),
        ("https://app.example:443,http://app.example:80,https://app.example:80", (
            "https://app.example", "http://app.example", "https://app.example:80",
        )),
        ("https://*.app.example", ("https://*.app.example",)),
    ],
)  # fmt: skip
def test_origins_are_read_as_browsers_send_them(text, origins):
    assert origins_parse(text) == origins


@pytest.mark.parametrize(
    "text",
    ["app.example", "https://app.example/llm", '"https://app.example"', "https://app example",
     "ftp://app.example", "https://", "https://app.example:99999", "https://me@app.example", "*"],
)  # fmt: skip
def test_what_no_browser_sends_is_refused(text):
    with pytest.raises(ValueError, match=r"accepted: origins with commas between.*; found: '"):
        origins_parse(text)


@pytest.mark.parametrize(
    ("text", "path"), [("/llm", "/llm"), ("/llm/", "/llm"), ("/a/b-1", "/a/b-1"), ("/", "")]
)
def test_a_path_has_no_slash_at_its_end(text, path):
    assert path_parse(text) == path


@pytest.mark.parametrize(
    "text", ["llm", "//llm", "/l m", "/a?b", "https://app.example/llm", "'/a'"]
)
def test_what_is_no_path_is_refused(text):
    with pytest.raises(ValueError, match="accepted: a path from the first slash on, as /llm"):
        path_parse(text)


@pytest.mark.parametrize("text", ["https://app.example", "http://app.example:8000/llm"])
def test_a_site_has_no_slash_at_its_end(text):
    assert site_parse(f"{text}/") == site_parse(text) == text


@pytest.mark.parametrize(
    "text",
    ["app.example", "ftp://app.example", "https://", "https://me@app.example", "https://a?b"],
)
def test_what_is_no_site_is_refused(text):
    with pytest.raises(ValueError, match=r"accepted: .*https://app\.example"):
        site_parse(text)
