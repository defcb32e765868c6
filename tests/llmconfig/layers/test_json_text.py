import pytest

from llmconfig.layers.json_text import json_parse


def test_values_remember_their_variable(report):
    root = json_parse('{"a": {"b": [1, "x"]}}', "LLM_MODEL_PARAMS", report)
    assert root.plain() == {"a": {"b": [1, "x"]}}
    assert root.value["a"].value["b"].place == "LLM_MODEL_PARAMS"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "V: not JSON: Expecting value"),
        ("{", "V: not JSON: Expecting property name"),
        ("{'a': 1}", "V: not JSON: Expecting property name"),
        ('{"a": NaN}', "V: not JSON: NaN"),
        ('{"a": -Infinity}', "V: not JSON: -Infinity"),
        ('{"a": 1, "a": 2}', "V: a: stated twice"),
        ("[" * 100_000, "V: nested too deeply"),
        ("1" * 20_000, "V: not JSON: "),
        (" " * 200_000, "V: too large; accepted: at most 131072 characters"),
    ],
)
def test_what_is_not_strict_json_is_one_problem(text, told, report):
    assert json_parse(text, "V", report).plain() == {}
    assert str(report.problems[0]).startswith(told)
