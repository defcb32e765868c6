import pytest
from django.core.exceptions import ValidationError

from llmconfig.models import Preference
from llmconfig.store.overviews import scope_preferences
from llmconfig.store.scopes import Scope
from llmconfig.store.services import (
    preference_delete,
    preference_save,
    preferences_change,
    preferences_reset,
)
from llmconfig.values.errors import FallbackSameAsModel, InvalidPreference, ModelNotAllowed
from tests.llmconfig.conftest import INSIGHT, REPORT, SEED

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _seed(configure):
    configure(SEED, LLM_ALLOWED_MODELS="llama3.*,qwen3")


def of(user):
    return Scope(user_id=user.pk)


def put(user, document):
    preferences_change(scope=of(user), change=lambda _: document, by=user)


def versions(user):
    rows = Preference.objects.filter(user=user)
    return {row.task_type: row.version for row in rows}


def test_each_save_counts_the_version_and_names_its_author(ada):
    row = preference_save(preference=Preference(max_retries=0), by=ada)
    assert (row.version, row.updated_by) == (1, ada)
    row.max_retries = 1
    assert preference_save(preference=row, by=None).version == 2


def test_a_version_is_never_given_twice(ada):
    row = preference_save(preference=Preference(user=ada), by=ada)
    stale = Preference.objects.get(pk=row.pk)
    preference_save(preference=row, by=ada)
    assert preference_save(preference=stale, by=ada).version == 3


def test_what_is_invalid_is_not_stored():
    with pytest.raises(ValidationError):
        preference_save(preference=Preference(timeout_seconds=0), by=None)
    assert not Preference.objects.exists()


@pytest.mark.parametrize("field", ["model", "fallback_model"])
def test_a_model_outside_the_policy_is_not_stored(field):
    with pytest.raises(ModelNotAllowed) as told:
        preference_save(preference=Preference(**{field: "phi4"}), by=None)
    assert told.value.field == field
    assert not Preference.objects.exists()


def test_a_fallback_equal_to_its_model_is_not_stored():
    row = Preference(model="qwen3", fallback_model="qwen3:latest")
    with pytest.raises(FallbackSameAsModel):
        preference_save(preference=row, by=None)


def test_a_deleted_row_inherits_again(ada):
    row = preference_save(preference=Preference(user=ada, max_retries=0), by=ada)
    preference_delete(preference=row, by=ada)
    assert scope_preferences(of(ada)) == {}


def test_replacing_leaves_exactly_what_is_stated(ada):
    put(ada, {"model": "qwen3", "task_type_configs": {INSIGHT: {"max_retries": 0}}})
    document = {"max_retries": 1, "task_type_configs": {REPORT: {"parameters": {"seed": 1}}}}
    put(ada, document)
    assert scope_preferences(of(ada)) == document
    assert set(versions(ada)) == {None, REPORT}


def test_scopes_that_stay_as_they_are_keep_their_version(ada):
    put(ada, {"model": "qwen3", "task_type_configs": {INSIGHT: {"max_retries": 0}}})
    put(ada, {"model": "qwen3", "task_type_configs": {INSIGHT: {"max_retries": 1}}})
    assert versions(ada) == {None: 1, INSIGHT: 2}


def test_one_wrong_scope_changes_nothing(ada):
    put(ada, {"model": "qwen3"})
    with pytest.raises(ModelNotAllowed):
        put(ada, {"max_retries": 0, "task_type_configs": {INSIGHT: {"model": "phi4"}}})
    with pytest.raises(InvalidPreference):
        put(ada, {"max_retries": 0, "task_type_configs": {INSIGHT: {"max_retries": 99}}})
    assert scope_preferences(of(ada)) == {"model": "qwen3"}


def test_replacing_keeps_rows_of_types_that_are_gone_and_resetting_does_not(ada, state):
    state(user=ada, task_type="TASK_TYPE_GONE", max_retries=0)
    put(ada, {})
    assert set(versions(ada)) == {"TASK_TYPE_GONE"}
    preferences_reset(scope=of(ada), by=ada)
    assert versions(ada) == {}


def test_resetting_leaves_other_peoples_rows(ada, state, django_user_model):
    bob = django_user_model.objects.create_user("bob")
    state(user=bob, max_retries=0)
    state(max_retries=0)
    preferences_reset(scope=of(ada), by=ada)
    assert Preference.objects.count() == 2
