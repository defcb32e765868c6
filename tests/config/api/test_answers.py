"""What an operation answers has no key that its description does not name."""

from collections.abc import Iterator
from typing import Any

import pytest

from config.status import gathering
from tests.config.api.matrix import ROWS, World
from tests.config.api.openapi import operations, resolved
from tests.llmconfig.conftest import SEED

pytestmark = pytest.mark.django_db
OPERATIONS = {operation.id: operation for operation in operations()}
#: Of a schema without any of them nothing is known.
WORDS = {"type", "properties", "items", "allOf", "anyOf", "oneOf", "enum", "const"}


@pytest.fixture
def world(settings, tmp_path, django_user_model) -> World:
    settings.LLM_CONFIG_FILE = tmp_path / "llm.yaml"
    settings.LLM_CONFIG_FILE.write_text(SEED)
    settings.LLM_ENVIRON = {}
    gathering.forget()
    return World(django_user_model.objects)


@pytest.mark.parametrize("who", ["owner", "staff"])
@pytest.mark.parametrize("name", sorted(OPERATIONS.keys() & ROWS.keys()))
def test_an_answer_has_no_key_that_is_not_described(world, name, who):
    answer = world.call(who, OPERATIONS[name])
    told = resolved(OPERATIONS[name].told["responses"][str(answer.status_code)])
    kind = answer.headers.get("Content-Type", "").partition(";")[0]
    if kind.endswith("json"):
        assert list(untold(answer.json(), told["content"][kind]["schema"])) == []


def test_a_key_that_is_not_described_is_found():
    inner = {"type": "object", "properties": {"known": {"type": "string"}}}
    schema = {"type": "object", "properties": {"rows": {"type": "array", "items": inner}}}
    assert list(untold({"rows": [{"known": "a"}, {"new": 1}]}, schema)) == [".rows.new"]


def untold(value: Any, schema: Any, place: str = "") -> Iterator[str]:
    """The places of the keys that a schema does not name."""
    forms = list(_forms(schema))
    if any(not WORDS & form.keys() for form in forms):
        return
    if isinstance(value, list):
        items = {"anyOf": [form["items"] for form in forms if "items" in form]}
        for each in value:
            yield from untold(each, items, place)
    if isinstance(value, dict):
        named = {name: told for form in forms for name, told in form.get("properties", {}).items()}
        others = [each for form in forms if (each := form.get("additionalProperties")) is not None]
        for key, member in value.items():
            if key in named or others:
                yield from untold(member, named.get(key, {"anyOf": others}), f"{place}.{key}")
            else:
                yield f"{place}.{key}"


def _forms(schema: Any) -> Iterator[dict[str, Any]]:
    """The schema and all that it is made of."""
    told = resolved(schema)
    yield told
    for word in ("allOf", "anyOf", "oneOf"):
        for part in told.get(word, ()):
            yield from _forms(part)
