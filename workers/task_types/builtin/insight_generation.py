"""Insights: what a person's work-log entries show, as a short text with tags and a confidence."""

from typing import Any

from workers.task_types import Result, TaskType, coercions, register
from workers.task_types.payloads import EntriesPayload

# Every string and array is bounded, or a small model writes until its tokens run out. Confidence
# is a whole percentage: llama.cpp's grammars do not hold a number to a range, but do to digits.
OUTPUT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "content": {"type": "string", "minLength": 1, "maxLength": 400},
        "tags": {
            "type": "array",
            "items": {"type": "string", "minLength": 1, "maxLength": 24},
            "minItems": 1,
            "maxItems": 5,
        },
        "confidence": {
            "type": "integer",
            "minimum": 0,
            "maximum": 100,
            "description": "In percent: a whole number from 0 (a guess) to 100 (certain).",
        },
    },
    "required": ["content", "tags", "confidence"],
    "additionalProperties": False,
}

RESULT_SCHEMA = {
    **OUTPUT_SCHEMA,
    "properties": {
        **OUTPUT_SCHEMA["properties"],
        "confidence": {
            "type": "number",
            "minimum": 0,
            "maximum": 1,
            "description": "A fraction: 1 is certain.",
        },
    },
}


def _coerce(answer: Result) -> Result:
    known = {"tags": coercions.texts, "confidence": _percentage}
    return {name: known[name](value) if name in known else value for name, value in answer.items()}


def _percentage(value: Any) -> Any:
    try:
        return coercions.percentage(value)
    except ValueError as error:
        raise ValueError(f"$.confidence: {error}") from error


def _as_fraction(result: Result) -> Result:
    return {**result, "confidence": result["confidence"] / 100}


register(
    TaskType(
        name="TASK_TYPE_INSIGHT_GENERATION",
        prompt="insight_generation",
        payload=EntriesPayload,
        output_schema=OUTPUT_SCHEMA,
        coerce=_coerce,
        finish=_as_fraction,
        result_schema=RESULT_SCHEMA,
    )
)
