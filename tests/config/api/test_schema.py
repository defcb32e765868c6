"""What every operation's description has without saying so."""

import pytest

from config.api.schema_views import described

METHODS = ("get", "put", "post", "patch", "delete")


@pytest.fixture
def operations():
    paths = described()["paths"].values()
    return [told for path in paths for method, told in path.items() if method in METHODS]


def usual(operation):
    """The statuses that can happen to any operation of its kind."""
    login = {"401", "403"} if "security" in operation else set()
    body = {"400", "413", "415"} if "requestBody" in operation else set()
    return {"406", "429", "503"} | login | body


def test_an_operation_tells_the_errors_that_can_happen_to_any(operations):
    assert operations
    for operation in operations:
        assert usual(operation) <= set(operation["responses"]), operation["operationId"]


def test_errors_are_problems_with_the_headers_that_they_have(operations):
    headers = {"401": "WWW-Authenticate", "429": "Retry-After"}
    for operation in operations:
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                assert list(answer["content"]) == ["application/problem+json"]
            if status in headers:
                assert headers[status] in answer["headers"], operation["operationId"]
