import httpx
import pytest

from config.embedded.model_server.bodies import MAX_BYTES, MAX_READ_BYTES

PATHS = ["/api/chat", "/api/generate", "/api/show"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"", "missing request body"),
        (b" \n", "missing request body"),
        (b"{", "invalid JSON"),
        (b"\xff\xfe", "invalid JSON"),
        (b'{"model": NaN}', "invalid JSON"),
        (b'{"model": 1e999}', "invalid JSON"),
        (b'{"model": "\\ud800"}', "invalid JSON"),
        (b"[" * 100_000, "invalid JSON"),
        (b"[]", "must be a JSON object"),
        (b"null", "must be a JSON object"),
        (b"{}", "model is required"),
    ],
)
def test_a_body_that_is_no_request_is_refused(server, path, body, complaint):
    answer = httpx.post(server.url + path, content=body)
    assert answer.status_code == 400
    assert complaint in answer.json()["error"]


def test_the_content_type_does_not_matter(server):
    headers = {"Content-Type": "text/plain"}
    body = b'{"model": "smollm2:135m"}'
    assert httpx.post(f"{server.url}/api/show", content=body, headers=headers).status_code == 200


@pytest.mark.parametrize("size", [MAX_BYTES + 1, MAX_READ_BYTES])
def test_a_body_over_the_limit_is_refused(server, size):
    answer = httpx.post(f"{server.url}/api/chat", content=b" " * size, timeout=30)
    assert answer.status_code == 413
    assert str(MAX_BYTES) in answer.json()["error"]
