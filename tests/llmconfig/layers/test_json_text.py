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
        ("[" * 100_000, "V: nested too deeply; accepted: at most 12 levels"),
        ('{"a":' * 400 + "1" + "}" * 400, "V: nested too deeply; accepted: at most 12 levels"),
        ("1" * 20_000, "V: not JSON: "),
        (" " * 200_000, "V: too large; accepted: at most 131072 characters"),
    ],
)
def test_what_is_not_strict_json_is_one_problem(text, told, report):
    assert json_parse(text, "V", report).plain() == {}
    assert str(report.problems[0]).startswith(told)


def test_every_key_that_is_stated_twice_is_told_with_its_path(report):
    root = json_parse('{"a": 1, "a": 2, "b": {"c": 1, "c": 2, "\\n": 3, "\\n": 4}}', "V", report)
    assert root.plain() == {"a": 1, "b": {"c": 1, "\n": 3}}
    assert [str(problem) for problem in report.problems] == [
        "V: a: stated twice",
        "V: b.c: stated twice",
        "V: b.\\n: stated twice",
    ]
