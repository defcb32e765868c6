import pytest

from llmconfig.values import task_types
from llmconfig.values.errors import UnknownTaskType
from tests.llmconfig.conftest import ALL_TYPES


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch):
    monkeypatch.setattr(task_types, "_registry", dict(task_types._registry))


def test_the_shipped_types_are_registered():
    assert set(ALL_TYPES) <= set(task_types.names())


def test_a_registered_name_is_accepted_from_then_on():
    task_types.register("TASK_TYPE_POEM", defaults={"max_retries": 0})
    assert "TASK_TYPE_POEM" in task_types.names()
    assert task_types.defaults("TASK_TYPE_POEM") == {"max_retries": 0}


def test_registering_the_same_twice_changes_nothing():
    task_types.register("TASK_TYPE_POEM")
    task_types.register("TASK_TYPE_POEM")


def test_a_name_has_one_set_of_defaults():
    task_types.register("TASK_TYPE_POEM")
    with pytest.raises(ValueError, match="registered with other defaults"):
        task_types.register("TASK_TYPE_POEM", defaults={"max_retries": 0})


def test_defaults_that_no_layer_may_state_are_refused():
    with pytest.raises(ValueError, match="defaults of TASK_TYPE_POEM"):
        task_types.register("TASK_TYPE_POEM", defaults={"timeout_seconds": 0})


def test_an_unregistered_name_is_unknown():
    with pytest.raises(UnknownTaskType, match="TASK_TYPE_WEEKLY_REPORT"):
        task_types.require("TASK_TYPE_POEM")
