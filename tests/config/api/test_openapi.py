"""The API's description: current, whole, and alike for every operation."""

import os
import re
import subprocess
import sys
from collections import Counter

import pytest
from jsonschema import Draft202012Validator

from config.env import PROJECT
from tests.config.api.openapi import FILE, description, operations, resolved

OPERATIONS = list(operations())
ALWAYS = {"406", "429", "503"}
WITH_LOGIN = {"401", "403"}
WITH_BODY = {"400", "413", "415"}


def test_the_committed_description_is_current(tmp_path):
    """In a process of its own: tests register task types."""
    made = tmp_path / "openapi.yaml"
    command = [sys.executable, "manage.py", "spectacular", "--validate", "--fail-on-warn"]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.test"}
    ended = subprocess.run(
        [*command, "--file", str(made)],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    assert made.read_text() == FILE.read_text(), "docs/openapi.yaml is out of date: make openapi"


def _takes(component, value):
    return Draft202012Validator(
        {**description(), "$ref": f"#/components/schemas/{component}"}
    ).is_valid(value)


@pytest.mark.parametrize(
    "component",
    [
        "PreferencesRequest",
        "PatchedPreferencesRequest",
        "StatementRequest",
        "PatchedStatementRequest",
    ],
)
def test_no_fallback_is_stated_by_an_empty_name(component):
    assert _takes(component, {"fallback_model": ""})
    assert _takes(component, {"fallback_model": "llama3.2:1b"})
    assert not _takes(component, {"fallback_model": " "})


def test_the_context_of_entries_is_described_as_an_object_of_any_members():
    """A client is generated with members; without these words some have none."""
    told = description()["components"]["schemas"]["EntriesPayloadRequest"]["properties"]
    assert told["context"] == {"type": ["string", "object"], "additionalProperties": {}}


def test_no_two_operations_have_one_name():
    names = Counter(operation.id for operation in OPERATIONS)
    assert [name for name, count in names.items() if count > 1] == []


def test_a_task_of_a_batch_has_a_shape_beside_whatever_else_is_answered_for_itself():
    """Beside an empty schema a generated client would take it for anything."""
    told = description()["components"]["schemas"]["BatchRequest"]["properties"]["tasks"]["items"]
    assert {"$ref": "#/components/schemas/TaskRequest"} in told["anyOf"]
    assert {} not in told["anyOf"]
    for value in (None, 1, "task", [], {"task_type": 1}):
        assert _takes("BatchRequest", {"tasks": [value]})


def test_an_id_is_a_string_wherever_one_is_given_or_told():
    """Who reads ``id`` of the caller puts it into a filter as it is."""
    named = re.compile("id|user|preference|.+_id|retry_of")
    parameters = [each for operation in OPERATIONS for each in operation.told.get("parameters", [])]
    members = [
        {"name": name, "schema": schema}
        for component in description()["components"]["schemas"].values()
        for name, schema in component.get("properties", {}).items()
    ]
    types = {
        (each["name"], str(each["schema"].get("type")))
        for each in (*parameters, *members)
        if named.fullmatch(each["name"])
    }
    assert {kind for _name, kind in types} <= {"string", "['string', 'null']"}, types


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
class TestOperation:
    def test_it_has_a_name_of_words(self, operation):
        assert re.fullmatch("[a-z]+(_[a-z]+)+", operation.id)

    def test_it_has_a_summary_and_a_description(self, operation):
        assert operation.told.get("summary", "").strip()
        assert operation.told.get("description", "").strip()
        assert not operation.told["summary"].endswith(".")

    def test_it_has_one_declared_tag(self, operation):
        declared = {tag["name"] for tag in description()["tags"]}
        assert len(operation.told.get("tags", [])) == 1
        assert set(operation.told["tags"]) <= declared

    def test_the_parameters_of_its_path_are_typed_and_told(self, operation):
        wanted = set(re.findall(r"{(\w+)}", operation.path))
        told = [each for each in operation.told.get("parameters", []) if each["in"] == "path"]
        assert {each["name"] for each in told} == wanted
        assert all(each["schema"].get("type") for each in told)
        assert all(each.get("description") for each in told)

    def test_its_body_and_its_answers_have_examples(self, operation):
        contents = dict(operation.told.get("requestBody", {}).get("content", {}))
        for status, answer in operation.told["responses"].items():
            for kind, content in resolved(answer).get("content", {}).items():
                contents[f"{status} {kind}"] = content
        without = [name for name, content in contents.items() if not content.get("examples")]
        # A merge patch is shown once, as plain JSON.
        assert set(without) <= {"application/merge-patch+json"}

    def test_it_tells_what_can_happen_to_any(self, operation):
        wanted = set(ALWAYS)
        wanted |= set() if operation.is_open else WITH_LOGIN
        wanted |= WITH_BODY if "requestBody" in operation.told else set()
        assert wanted <= operation.told["responses"].keys()

    def test_its_errors_are_problems(self, operation):
        for status, answer in operation.told["responses"].items():
            if int(status) >= 400:
                assert list(resolved(answer)["content"]) == ["application/problem+json"]

    def test_an_error_that_comes_with_a_header_tells_it(self, operation):
        for status, header in {"401": "WWW-Authenticate", "429": "Retry-After"}.items():
            if answer := operation.told["responses"].get(status):
                assert header in resolved(answer)["headers"]

    def test_its_login_is_a_token_or_a_session(self, operation):
        assert "security" in operation.told
        if not operation.is_open:
            assert operation.told["security"] == [{"token": []}, {"session": []}]
