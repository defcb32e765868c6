import httpx
import pytest

from devstack.model_server.server import LIMITS

PATHS = ["/api/chat", "/api/generate", "/api/show"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b" \n", "missing request body"),
        (b"{", "unexpected EOF"),
        (b"\xff\xfe", "looking for beginning of value"),
        (b'{"model": NaN}', "looking for beginning of value"),
        (b'{"model": 1e999}', "cannot unmarshal number 1e999"),
        (b"[" * 100_000, "exceeded max depth"),
        (b"[]", "cannot unmarshal array into Go value"),
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


@pytest.mark.parametrize("size", [LIMITS.body + 1, LIMITS.read])
def test_a_body_over_the_limit_is_refused(server, size):
    answer = httpx.post(f"{server.url}/api/chat", content=b" " * size, timeout=30)
    assert answer.status_code == 413
    assert str(LIMITS.body) in answer.json()["error"]
