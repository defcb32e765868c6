"""What is done to the whole description at last."""

import json
from collections import Counter
from typing import Any

from llmconfig.api.problem_documents import CONTENT_TYPE, phrase
from workers.api.event_schemas import event_components

METHODS = ("get", "put", "post", "delete", "patch")
#: How many operations must answer the same for it to be told in one place.
SHARED = 3

_OF_TASK = ("get_task", "get_task_result", "follow_task", "cancel_task", "retry_task")
_TASK_ID = "$response.body#/task_id"
_JUDGE = ("judge_task_result", "withdraw_task_judgement")
#: By operation and status: what its answer names, for which operations.
LINKS: dict[tuple[str, str], dict[str, dict[str, str]]] = {
    ("submit_task", "202"): {name: {"task_id": _TASK_ID} for name in (*_OF_TASK, *_JUDGE)},
    ("retry_task", "202"): {name: {"task_id": _TASK_ID} for name in _OF_TASK},
    ("submit_tasks", "202"): {"get_task": {"task_id": "$response.body#/tasks/0/task_id"}},
    ("list_tasks", "200"): {
        name: {"task_id": "$response.body#/results/0/task_id"} for name in (*_OF_TASK, *_JUDGE)
    },
    ("make_weekly_report", "202"): {
        "get_weekly_report": {"report_id": "$response.body#/report_id"},
        "get_task": {"task_id": _TASK_ID},
    },
    ("get_me", "200"): {
        "get_user_llm_config": {"user_id": "$response.body#/id"},
        "replace_user_llm_config": {"user_id": "$response.body#/id"},
        "get_user_llm_config_history": {"user_id": "$response.body#/id"},
    },
}


def open_ones_say_so(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """An operation without a login says that it needs none: silence may be an oversight."""
    for methods in result["paths"].values():
        for operation in methods.values():
            operation.setdefault("security", [])
    return result


def events_add(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Tell the shapes of what a stream of events tells, to which no media type refers."""
    schemas = result["components"]["schemas"]
    together = {**schemas, **event_components(schemas)}
    result["components"]["schemas"] = dict(sorted(together.items()))
    return result


def links_add(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Say how the answer of one operation leads to another one."""
    for methods in result["paths"].values():
        for operation in methods.values():
            for status, answer in operation["responses"].items():
                links = LINKS.get((operation["operationId"], status), {})
                if links:
                    answer["links"] = {
                        name: {"operationId": name, "parameters": parameters}
                        for name, parameters in links.items()
                    }
    return result


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
