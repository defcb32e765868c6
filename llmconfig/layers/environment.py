"""The ``LLM_*`` variables as statements; each remembers its variable's name.

An empty variable states nothing, except ``LLM_FALLBACK_MODEL``: no fallback.
"""

import re
from collections.abc import Mapping

from llmconfig.layers.document import Source, model_params_read, task_types_read
from llmconfig.layers.json_text import json_parse
from llmconfig.layers.located import Located, Report, found
from llmconfig.values.allow_list import MAX_PATTERNS, pattern_fits, pattern_rule
from llmconfig.values.fields import FIELDS
from llmconfig.values.kinds import ModelName, Refused
from llmconfig.values.messages import Message, gettext_noop
from llmconfig.values.model_names import Policy
from llmconfig.values.types import Origin, Statement

FIELD_VARIABLES = {
    "LLM_DEFAULT_MODEL": "model",
    "LLM_FALLBACK_MODEL": "fallback_model",
    "LLM_DEFAULT_TIMEOUT": "timeout_seconds",
    "LLM_MAX_RETRIES": "max_retries",
}
TASK_TYPE_CONFIGS = "LLM_TASK_TYPE_CONFIGS"
MODEL_PARAMS = "LLM_MODEL_PARAMS"
ALLOWED_MODELS = "LLM_ALLOWED_MODELS"
#: Of these, empty is a statement.
EMPTY_STATES = frozenset({"LLM_FALLBACK_MODEL"})


def environment_read(
    variables: Mapping[str, str], report: Report, task_types: tuple[str, ...]
) -> Source:
    """What the variables state. What is wrong goes to the report and is left out."""
    variables = _usable((*FIELD_VARIABLES, TASK_TYPE_CONFIGS, MODEL_PARAMS), variables, report)
    return Source(
        system=tuple(_system(variables, report)),
        task_types=task_types_read(
            _json(variables, TASK_TYPE_CONFIGS, report), "", report, task_types
        ),
        model_params=model_params_read(_json(variables, MODEL_PARAMS, report), "", report),
    )


def policy_read(variables: Mapping[str, str], report: Report) -> Policy:
    """The environment's allow-list: comma-separated names and globs; unset or empty allows all."""
    text = _usable((ALLOWED_MODELS,), variables, report).get(ALLOWED_MODELS)
    if text is None:
        return Policy()
    patterns = [pattern.strip() for pattern in text.split(",") if pattern.strip()]
    wrong = [pattern for pattern in patterns if not pattern_fits(pattern)]
    if wrong or not 1 <= len(patterns) <= MAX_PATTERNS:
        accepted = gettext_noop(
            "1 to %(maximum)s names and globs with commas between, as llama3.2:*,qwen3:8b, or"
            " nothing to allow all"
        )
        told = Message(accepted, {"maximum": MAX_PATTERNS})
        if wrong:
            with_rule = gettext_noop("%(accepted)s (%(rule)s)")
            told = Message(with_rule, {"accepted": told, "rule": pattern_rule(wrong[0])})
        report.add(ALLOWED_MODELS, "", found(told, wrong[0] if wrong else text))
    return Policy(tuple(patterns))


def _usable(names: tuple[str, ...], variables: Mapping[str, str], report: Report) -> dict[str, str]:
    """Those that are stated, without blanks around them. A text in quotes is a problem."""
    texts = {name: variables[name].strip() for name in names if name in variables}
    for name, text in texts.items():
        if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
            quoted = gettext_noop(
                "it begins and ends with a quote (docker's --env-file keeps quotes);"
                " accepted: the same without"
            )
            report.add(name, "", Message(quoted))
            texts[name] = ""
    return {name: text for name, text in texts.items() if text or name in EMPTY_STATES}


def _system(variables: Mapping[str, str], report: Report) -> list[Statement]:
    statements = []
    for variable, name in FIELD_VARIABLES.items():
        if variable in variables:
            try:
                value = FIELDS[name].kind.parse_written(_typed(name, variables[variable]))
            except Refused as error:
                report.add(variable, "", found(_accepted(name, error), variables[variable]))
            else:
                statements.append(Statement(name, value, Origin("system", variable)))
    return statements


def _accepted(name: str, error: Refused) -> Message:
    """What is accepted of a variable's text, which has no quotes."""
    kind = FIELDS[name].kind
    if isinstance(kind, ModelName) and kind.may_be_empty:
        text = gettext_noop("%(name)s, or nothing for none")
        return Message(text, {"name": ModelName().accepted})
    return error.accepted


def _typed(name: str, text: str) -> str | int:
    # A variable is always text; only a count is read as a number.
    return int(text) if name == "max_retries" and re.fullmatch(r"[0-9]{1,9}", text) else text


def _json(variables: Mapping[str, str], name: str, report: Report) -> Located:
    if name not in variables:
        return Located({}, name)
    return json_parse(variables[name], name, report)
