"""Scripts as files are checked before they are used."""

import json
import math

import pytest

from workers.testing import behaviours as b
from workers.testing.script import Step
from workers.testing.script_file import Script, ScriptInvalid, parse, read

TEXT = """
models: [big:3b, small:1b]
resident: [big:3b]
script:
  big:3b:
    - http-503
    - {behaviour: ok, text: Two words, times: 2}
    - {behaviour: http, code: 429, retry_after: 7}
    - {behaviour: slow-first-token, seconds: 3}
    - {behaviour: reset, head: true}
    - {behaviour: silent, from: 10s, until: 1.5m}
    - {behaviour: ok, times: always}
  /api/ps: [silent]
"""


def test_a_file_says_models_and_steps(tmp_path):
    path = tmp_path / "script.yaml"
    path.write_text(TEXT)
    script = read(path)
    assert (script.models, script.resident) == (("big:3b", "small:1b"), ("big:3b",))
    assert script.steps["/api/ps"] == (Step(behaviour=b.Silent()),)
    assert script.steps["big:3b"] == (
        Step(behaviour=b.Status(code=503)),
        Step(behaviour=b.Ok(text="Two words"), times=2),
        Step(behaviour=b.Status(code=429, retry_after=7)),
        Step(behaviour=b.SlowFirstToken(seconds=3)),
        Step(behaviour=b.Reset(head=True)),
        Step(behaviour=b.Silent(), from_seconds=10, until_seconds=90),
        Step(behaviour=b.Ok(), times=math.inf),
    )


def test_json_is_as_good_as_yaml():
    text = json.dumps({"script": {"m:1": [{"behaviour": "http", "raw": "<html>"}]}})
    assert parse(text).steps == {"m:1": (Step(behaviour=b.Status(raw="<html>")),)}


def test_an_empty_file_says_nothing():
    assert parse("") == Script()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[1", "script is neither YAML nor JSON"),
        ("[]", "script: [] is not accepted; accepted: keys and values"),
        ("model: []", "script: 'model' is not accepted; accepted: models, resident, script"),
        ("models: m", "script: models: 'm' is not accepted; accepted: a list of models' names"),
        ("script: {m: ok}", "script: script.m: 'ok' is not accepted; accepted: a list of beh"),
        ("script: {m: [good]}", "script: script.m[0].behaviour: 'good' is not accepted; accepted:"),
        ("script: {m: [{behaviour: 7}]}", "script: script.m[0].behaviour: 7 is not accepted"),
        ("script: {m: [{behaviour: ok, time: 2}]}", "accepted: behaviour, times, from, until, tex"),
        ("script: {m: [{behaviour: ok, times: 0}]}", "a whole number from 1, or always"),
        ("script: {m: [{behaviour: ok, until: soon}]}", "seconds, written as 5, 5s or 2m"),
        ("script: {m: [{behaviour: ok, chunks: many}]}", "script.m[0].chunks: 'many' is not acc"),
        ("script: {m: [{behaviour: reset, head: 1}]}", "accepted: true or false"),
        ("script: {m: [{behaviour: ok, chunks: true}]}", "accepted: a whole number"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(text, problem):
    with pytest.raises(ScriptInvalid) as caught:
        parse(text)
    assert problem in str(caught.value)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ScriptInvalid, match=r"nowhere\.yaml cannot be read"):
        read(tmp_path / "nowhere.yaml")
