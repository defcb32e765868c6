"""What is done to the whole description at last."""

import json
from collections import Counter
from typing import Any

from llmconfig.api.problem_responses import CONTENT_TYPE, phrase

METHODS = ("get", "put", "post", "delete", "patch")
#: How many operations must answer the same for it to be told in one place.
SHARED = 3


def problems_share(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Tell the usual answer of each status once, in ``components/responses``."""
    answers = [
        operation["responses"]
        for methods in result["paths"].values()
        for method, operation in methods.items()
        if method in METHODS
    ]
    usual = _usual(answers)
    for responses in answers:
        for status, answer in responses.items():
            if usual.get(status) == _text(answer):
                responses[status] = {"$ref": f"#/components/responses/{_name(status)}"}
    shared = {_name(status): json.loads(text) for status, text in sorted(usual.items())}
    result["components"]["responses"] = shared
    return result


def _usual(answers: list[dict[str, Any]]) -> dict[str, str]:
    """By status, the problems that most operations answer, as text."""
    counted: dict[str, Counter[str]] = {}
    for responses in answers:
        for status, answer in responses.items():
            if list(answer.get("content", ())) == [CONTENT_TYPE]:
                counted.setdefault(status, Counter())[_text(answer)] += 1
    most = {status: counter.most_common(1)[0] for status, counter in counted.items()}
    return {status: text for status, (text, count) in most.items() if count >= SHARED}


def _text(answer: Any) -> str:
    # Some words are translated when they are read.
    return json.dumps(answer, default=str)


def _name(status: str) -> str:
    return phrase(int(status)).replace(" ", "")
