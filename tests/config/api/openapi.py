"""The committed description, as the tests of the API read it."""

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import yaml

from config.env import PROJECT

FILE = PROJECT / "docs" / "openapi.yaml"
METHODS = ("get", "put", "post", "delete", "patch")


class Operation(NamedTuple):
    method: str
    path: str
    told: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.told.get("operationId"))

    @property
    def is_open(self) -> bool:
        """Whether it is for everybody."""
        security = self.told.get("security", [])
        return not security or {} in security


@cache
def description() -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load(FILE.read_text())
    return told


def operations() -> Iterator[Operation]:
    for path, methods in description()["paths"].items():
        for method in METHODS:
            if method in methods:
                yield Operation(method, path, methods[method])


def resolved(told: dict[str, Any]) -> dict[str, Any]:
    """What a reference stands for."""
    if "$ref" not in told:
        return told
    found = description()
    for part in told["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return found
