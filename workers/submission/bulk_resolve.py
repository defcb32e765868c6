"""Resolution for many submissions: each distinct question is resolved once."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from llmconfig.resolution.bulk import configs_resolve_for
from llmconfig.resolution.selectors import config_resolve
from llmconfig.values.errors import ConfigurationError, LLMConfigError
from llmconfig.values.types import ResolvedConfig

Decision = ResolvedConfig | LLMConfigError
#: User, task type, and the request layer as canonical JSON ("" where there is none).
Question = tuple[int | None, str, str]


def question_of(user_id: int | None, task_type: str, request: Mapping[str, Any] | None) -> Question:
    """Submissions with equal questions have equal configurations."""
    return user_id, task_type, json.dumps(request, sort_keys=True) if request else ""


def questions_decide(questions: Iterable[Question]) -> dict[Question, Decision]:
    """What ``config_resolve`` decides for each, or its error. Raises ``ConfigurationError``.

    Many users of one task type cost four queries; all else is asked one by one, of the cache.
    """
    decided: dict[Question, Decision] = {}
    users: defaultdict[str, list[int]] = defaultdict(list)
    for question in dict.fromkeys(questions):
        user_id, task_type, request = question
        if user_id is None or request:
            decided[question] = _decide(question)
        else:
            users[task_type].append(user_id)
    for task_type, user_ids in users.items():
        decided |= _decide_for_users(user_ids, task_type)
    return decided


def _decide_for_users(user_ids: list[int], task_type: str) -> dict[Question, Decision]:
    if len(user_ids) == 1:
        question = (user_ids[0], task_type, "")
        return {question: _decide(question)}
    decisions = configs_resolve_for(user_ids, task_type)
    # Only one by one is it told why there is no model.
    return {
        (user_id, task_type, ""): config or _decide((user_id, task_type, ""))
        for user_id, config in decisions
    }


def _decide(question: Question) -> Decision:
    user_id, task_type, request = question
    stated = json.loads(request) if request else None
    try:
        return config_resolve(user_id=user_id, task_type=task_type, request=stated)
    except ConfigurationError:
        raise
    except LLMConfigError as error:
        return error
