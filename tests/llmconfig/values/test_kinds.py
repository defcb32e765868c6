import math

import pytest

from llmconfig.values.kinds import (
    Boolean,
    Choice,
    Integer,
    ModelName,
    Number,
    Refused,
    Seconds,
    Texts,
)


@pytest.mark.parametrize("value", [0, 7, 10])
def test_a_whole_number_within_its_bounds_is_accepted(value):
    assert Integer(0, 10).parse(value) == value


@pytest.mark.parametrize("value", [-1, 11, 1.0, "3", True, False, None, [], 10**30])
def test_anything_else_is_no_whole_number(value):
    with pytest.raises(Refused, match="a whole number from 0 to 10"):
        Integer(0, 10).parse(value)


@pytest.mark.parametrize("value", [-0.1, 2.1, math.nan, math.inf, -math.inf, "1", True, None])
def test_what_is_out_of_bounds_or_no_number_is_refused(value):
    with pytest.raises(Refused, match="a number from 0 to 2"):
        Number(0, 2).parse(value)


def test_a_zero_is_a_number_and_has_one_spelling():
    parsed = [Number(-2, 2).parse(value) for value in (0, 0.0, -0.0)]
    assert [repr(value) for value in parsed] == ["0.0", "0.0", "0.0"]


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (60, 60),
        ("60", 60),
        ("60s", 60),
        ("2m", 120),
        ("1m30s", 90),
        ("1m30", 90),
        ("1h", 3600),
        ("1h30m", 5400),
        ("24h", 86_400),
        ("1d", 86_400),
        (" 45s ", 45),
    ],
)
def test_durations_in_files_have_units_or_are_plain_seconds(written, seconds):
    assert Seconds(1, 86_400).parse_written(written) == seconds


@pytest.mark.parametrize(
    "written",
    ["", "s", "60x", "1.5m", "-5s", "5 s", "2m2m", "30s1m", 60.0, True, None, "0", "25h", "٣s"],
)
def test_a_bad_duration_is_told_how_to_be_written(written):
    with pytest.raises(Refused, match=r"1 to 86400 seconds, written as 60, 60s, 2m, 1h30m or 1d"):
        Seconds(1, 86_400).parse_written(written)


def test_durations_over_the_wire_are_numbers_only():
    with pytest.raises(Refused, match="1 to 300 seconds"):
        Seconds(1, 300).parse("60s")


@pytest.mark.parametrize(
    "name",
    [
        "qwen3",
        "llama3.2:3b",
        "smollm2-long:135m",
        "hf.co/bartowski/Llama-3.2-1B-Instruct-GGUF:Q4_K_M",
        "registry.local:5000/team/model:v1",
        "a" * 80,
    ],
)
def test_names_of_models_are_accepted(name):
    assert ModelName().parse(name) == name


@pytest.mark.parametrize(
    "name", ["", " ", "a b", "a\n", "-rf", "a" * 81, "modèle", "a\x00", None, 3.2, ["a"]]
)
def test_what_cannot_be_a_model_is_refused(name):
    with pytest.raises(Refused, match="a model's name"):
        ModelName().parse(name)


def test_a_refused_name_is_shown_with_the_rule_that_it_breaks():
    with pytest.raises(Refused) as refused:
        ModelName().parse("qwen3:8b ")
    told = "accepted: a model's name such as llama3.2:3b (without a blank); found: 'qwen3:8b '"
    assert str(refused.value.message) == told


@pytest.mark.parametrize("name", ["a:", "a//b", "a@sha256:1", "https://a"])
def test_a_message_may_bring_a_name_that_the_last_release_accepted(name):
    assert ModelName().parse_sent(name) == name
    with pytest.raises(Refused):
        ModelName().parse(name)


def test_only_a_fallback_may_be_stated_as_none():
    assert ModelName(may_be_empty=True).parse("") == ""


@pytest.mark.parametrize("value", [0, 1, "true", None])
def test_only_true_and_false_are_booleans(value):
    assert Boolean().parse(False) is False
    with pytest.raises(Refused, match="true or false"):
        Boolean().parse(value)


THINK = Choice((True, False, "low", "max"))


@pytest.mark.parametrize("value", THINK.choices)
def test_a_choice_keeps_its_value_and_type(value):
    assert THINK.parse(value) is value


@pytest.mark.parametrize("value", [0, 1, 1.0, "true", "Low", "", [], ["low"], {}, None])
def test_a_choice_refuses_everything_else_and_names_its_values(value):
    with pytest.raises(Refused, match='one of true, false, "low", "max"'):
        THINK.parse(value)


STOP = Texts(4, 64, size=400)


@pytest.mark.parametrize(
    "value", [[], ["\n\n", "END"], ["x" * 64] * 4, ["é" * 64], ["😀" * 16] * 2], ids=len
)
def test_texts_keep_their_order(value):
    assert STOP.parse(value) == value


def test_texts_that_are_too_long_for_a_message_are_told_their_size():
    with pytest.raises(Refused, match=r"1 to 64 characters, 400 bytes as JSON; this takes 772"):
        STOP.parse(["😀" * 64])


@pytest.mark.parametrize(
    "value",
    ["END", ["a"] * 5, ["a" * 65], [""], [1], [None], ["\x00"], ["\ud800"], {"a": 1}, None],
)
def test_too_many_too_long_or_unstorable_texts_are_refused(value):
    with pytest.raises(Refused, match="a list of at most 4 texts"):
        STOP.parse(value)
