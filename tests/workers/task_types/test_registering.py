"""What a task type must be before any run is made of it."""

import pytest
from rest_framework.serializers import Serializer

from workers.task_types import TaskType


def poem(**details):
    return TaskType(name="TASK_TYPE_POEM", prompt="poem", payload=Serializer, **details)


@pytest.mark.parametrize(
    ("schema", "found"),
    [
        ({"type": "nonsense"}, "$.type: 'nonsense'"),
        ({"type": "object", "required": "line"}, "$.required: 'line'"),
        ({"properties": {"line": {"minLength": -1}}}, "$.properties.line.minLength: -1"),
    ],
)
def test_an_output_schema_that_is_none_is_refused_with_the_place(schema, found):
    with pytest.raises(ValueError, match="TASK_TYPE_POEM: output_schema is a JSON Schema") as told:
        poem(output_schema=schema)
    assert found in str(told.value)


@pytest.mark.parametrize("schema", [None, {}, {"type": "object", "properties": {"a": {}}}])
def test_a_schema_or_none_is_accepted(schema):
    assert poem(output_schema=schema).output_schema == schema
