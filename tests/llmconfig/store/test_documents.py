import pytest

from llmconfig.store.documents import document_parse, document_patch, merge_patch
from llmconfig.store.scopes import Scope
from llmconfig.values.errors import InvalidPreference, ModelStatedTwice
from tests.llmconfig.conftest import INSIGHT, REPORT

OWNED = Scope(user_id=1)


# The examples of RFC 7396, appendix A.
@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_a_patch_merges_as_the_standard_says(target, patch, result):
    assert merge_patch(target, patch) == result


def test_a_patch_leaves_its_target_alone():
    target = {"a": {"b": 1}}
    merge_patch(target, {"a": {"b": None}})
    assert target == {"a": {"b": 1}}


def test_a_document_states_for_all_types_and_for_one():
    document = {
        "model": "a:1",
        "max_retries": None,
        "task_type_configs": {INSIGHT: {"timeout_seconds": 9}, REPORT: None},
    }
    assert document_parse(document, OWNED) == {
        None: {"model": "a:1"},
        INSIGHT: {"timeout_seconds": 9},
    }


@pytest.mark.parametrize(
    ("document", "stated"),
    [
        ({"preferred_model": "a:1"}, {"model": "a:1"}),
        ({"preferred_model": None}, {}),
        ({"model": "a:1", "preferred_model": None}, {"model": "a:1"}),
        ({"model": None, "preferred_model": "a:1"}, {"model": "a:1"}),
        ({"model": "a:1", "preferred_model": "a:1"}, {"model": "a:1"}),
    ],
)
def test_preferred_model_is_another_word_for_model(document, stated):
    assert document_parse(document, OWNED) == {None: stated}
    configs = {"task_type_configs": {INSIGHT: document}}
    assert document_parse(configs, OWNED) == {None: {}, INSIGHT: stated}


def test_two_different_models_under_both_words_are_refused():
    with pytest.raises(ModelStatedTwice) as caught:
        document_parse({"model": "a:1", "preferred_model": "b:1"}, OWNED)
    assert caught.value.errors is not None
    assert list(caught.value.errors) == ["preferred_model"]


def test_a_wrong_preferred_model_is_refused_under_the_word_that_was_sent():
    with pytest.raises(InvalidPreference) as caught:
        document_parse({"preferred_model": "a b", "max_retries": -1}, OWNED)
    assert not isinstance(caught.value, ModelStatedTwice)
    assert caught.value.errors is not None
    assert sorted(caught.value.errors) == ["max_retries", "preferred_model"]


@pytest.mark.parametrize(
    ("patch", "stated"),
    [
        ({"preferred_model": "b:1"}, {"model": "b:1"}),
        ({"preferred_model": None}, {}),
        ({"max_retries": 1}, {"model": "a:1", "max_retries": 1}),
    ],
)
def test_a_patch_of_preferred_model_changes_the_model(patch, stated):
    assert document_parse(document_patch({"model": "a:1"}, patch), OWNED) == {None: stated}
    configs = {"task_type_configs": {INSIGHT: {"model": "a:1"}}}
    patched = document_patch(configs, {"task_type_configs": {INSIGHT: patch}})
    assert document_parse(patched, OWNED) == {None: {}, INSIGHT: stated}


@pytest.mark.parametrize("document", [{}, {"task_type_configs": None}, {"task_type_configs": {}}])
def test_an_empty_document_states_nothing(document):
    assert document_parse(document, OWNED) == {None: {}}


@pytest.mark.parametrize("document", [[], "x", 1, None, [{"model": "a"}]])
def test_what_is_no_object_is_no_document(document):
    with pytest.raises(InvalidPreference, match="accepted: an object"):
        document_parse(document, OWNED)


def test_errors_stand_where_the_values_stand():
    with pytest.raises(InvalidPreference) as told:
        document_parse(
            {
                "model": 1,
                "task_type_configs": {
                    "TASK_TYPE_POEM": {},
                    INSIGHT: {"parameters": {"seed": "x"}, "task_type_configs": {}},
                    REPORT: 3,
                },
            },
            OWNED,
        )
    errors = told.value.errors
    assert errors["model"]
    assert set(errors["task_type_configs"]) == {"TASK_TYPE_POEM", INSIGHT, REPORT}
    assert set(errors["task_type_configs"][INSIGHT]) == {"parameters", "task_type_configs"}


@pytest.mark.parametrize("scope", [Scope(), Scope(task_type=INSIGHT)])
def test_the_document_of_a_task_type_or_of_everyone_has_the_fields_alone(scope):
    assert document_parse({"max_retries": 0}, scope) == {scope.task_type: {"max_retries": 0}}
    with pytest.raises(InvalidPreference) as told:
        document_parse({"task_type_configs": {}}, scope)
    assert set(told.value.errors) == {"task_type_configs"}
