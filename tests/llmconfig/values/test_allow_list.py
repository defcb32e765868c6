import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from llmconfig.models import Tier
from llmconfig.values.allow_list import allow_list_parse, pattern_fits
from llmconfig.values.kinds import Refused

GOOD = [["qwen3"], ["llama3.2:*", "hf.co/us/*:Q?_[KL]", "*"], [f"m{n}" for n in range(100)]]
BAD = [
    ("qwen3", "accepted: a list of names and globs"),
    ({"a": 1}, "accepted: a list of names and globs"),
    ([], "accepted: at least one name or glob, or nothing at all"),
    ([""], "names and globs such as qwen3 or llama3.2:*; found: ''"),
    (["a b"], "names and globs such as qwen3 or llama3.2:* (without a blank); found: 'a b'"),
    (["a* b"], "(of the characters of names and * ? [ ] ! alone); found: 'a* b'"),
    (["a\n"], "found: 'a\\n'"),
    (["a,b"], "found: 'a,b'"),
    (["modèle"], "found: 'modèle'"),
    ([3], "found: 3"),
    ([None], "found: None"),
    ([["a"]], "found: ['a']"),
    (["a" * 201], "found: 'aaa"),
    ([f"m{n}" for n in range(101)], "accepted: at most 100 names and globs"),
]
#: Of the right characters; the database leaves the grammar of names to the code.
NO_NAMES = [
    (["a:"], "(with a tag after the :); found: 'a:'"),
    (["a//b"], "(with text before and after each /); found: 'a//b'"),
]
DUPLICATES = [["a", "b", "a"], ["qwen3", "Library/Qwen3:latest"], ["qwen3:*", "Qwen3:*"]]


@pytest.mark.parametrize("value", GOOD, ids=len)
def test_lists_of_names_and_globs_are_accepted(value):
    assert allow_list_parse(value) == value


@pytest.mark.parametrize(("value", "told"), [*BAD, *NO_NAMES], ids=lambda case: str(case)[:20])
def test_any_other_list_is_told_what_is_accepted(value, told):
    with pytest.raises(Refused) as refused:
        allow_list_parse(value)
    assert told in str(refused.value.message)


@pytest.mark.parametrize("value", DUPLICATES)
def test_a_model_stands_in_a_list_once(value):
    with pytest.raises(Refused, match="each name or glob once"):
        allow_list_parse(value)


@pytest.mark.parametrize("value", [[], "qwen3", ["qwen3", "qwen3"]])
def test_a_tier_says_beside_its_field_what_is_wrong(value, premium):
    tier = Tier.objects.get(group=premium)
    tier.allowed_models = value
    with pytest.raises(ValidationError) as told:
        tier.full_clean()
    assert list(told.value.message_dict) == ["allowed_models"]


@pytest.mark.parametrize("value", [*GOOD, None], ids=str)
def test_the_database_takes_what_is_accepted(value, premium):
    Tier.objects.filter(group=premium).update(allowed_models=value)
    assert Tier.objects.get(group=premium).allowed_models == value


@pytest.mark.parametrize("value", [value for value, _ in BAD], ids=lambda case: str(case)[:20])
def test_the_database_takes_nothing_else(value, premium):
    with pytest.raises(IntegrityError), transaction.atomic():
        Tier.objects.filter(group=premium).update(allowed_models=value)


@given(st.text(max_size=5) | st.from_regex(r"[\[\]!*?.:/@a-z-]{1,6}", fullmatch=True))
def test_what_fits_has_no_separator_and_no_space(text):
    if pattern_fits(text):
        assert text.isascii()
        assert not set(text) & set(", \t\r\n\"'\\")
