"""``GET /v1/llm/task-types``: what may be submitted, and what comes back."""

import pytest
from jsonschema import Draft202012Validator

from tests.workers.api.test_tasks import PROMPT, client_of
from workers import task_types

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(person):
    answer = client_of(person).get("/v1/llm/task-types")
    assert answer.status_code == 200
    return {each["name"]: each for each in answer.json()["task_types"]}


def test_each_registered_type_is_told_with_its_queue_and_deadline(told):
    assert list(told) == [kind.name for kind in task_types.registered()]
    report = told["TASK_TYPE_WEEKLY_REPORT"]
    assert (report["queue"], report["deadline_seconds"]) == ("llm.weekly_report", 86_400)
    assert told["TASK_TYPE_TEXT_GENERATION"]["deadline_seconds"] == 600


def test_text_streams_and_json_does_not(told):
    streams = {name for name, each in told.items() if each["streams"]}
    assert told.keys() - streams == {"TASK_TYPE_INSIGHT_GENERATION"}


def test_the_schema_takes_what_the_api_takes(told):
    validator = Draft202012Validator(told[PROMPT["task_type"]]["payload_schema"])
    assert validator.is_valid(PROMPT["payload"])
    assert not validator.is_valid({"prompt": " "})
    assert told[PROMPT["task_type"]]["payload_limits"] == {"bytes": 262_144, "depth": 20}
