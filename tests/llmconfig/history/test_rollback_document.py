"""A document returns to what one of its rows stated, whatever became of it meanwhile."""

from contextlib import suppress

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llmconfig.history.entries import REMOVED, document_records, entries_of
from llmconfig.history.rollback import document_rollback
from llmconfig.models import Preference
from llmconfig.store.documents import TASK_TYPE_CONFIGS
from llmconfig.store.overviews import scope_preferences
from llmconfig.store.scopes import Scope
from llmconfig.store.services import preferences_change, preferences_reset
from llmconfig.values.errors import UnknownVersion
from tests.llmconfig.conftest import INSIGHT, REPORT

pytestmark = pytest.mark.django_db

FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "model": st.sampled_from(["llama3.2:1b", "qwen3"]),
        "max_retries": st.integers(0, 2),
        "parameters": st.dictionaries(st.sampled_from(["seed", "top_k"]), st.integers(0, 3)),
    },
)
CONFIGS = st.dictionaries(st.sampled_from([INSIGHT, REPORT]), FIELDS)
OWNED = st.builds(lambda top, configs: {**top, TASK_TYPE_CONFIGS: configs}, FIELDS, CONFIGS)
#: None resets, a number returns to the entry of that number, modulo how many there are.
STEPS = st.one_of(st.none(), st.integers(0, 50), st.just("state"))


def entries(scope):
    return entries_of(list(document_records(scope)))


def stated(scope):
    """By task type, as the document's reader sees it."""
    document = scope_preferences(scope)
    configs = document.pop(TASK_TYPE_CONFIGS, {})
    return {scope.task_type: document, **configs} if document else dict(configs)


def told(entry):
    fields = ("model", "max_retries", "parameters")
    return {name: entry.state[name] for name in fields if entry.state[name] not in (None, {})}


def replayed(scope):
    """What the history says is stated now: the last entry of each row that is not deleted."""
    last = {entry.row_id: entry for entry in reversed(entries(scope))}
    now = [entry for entry in last.values() if entry.kind != REMOVED]
    assert len(now) == len({entry.state["task_type"] for entry in now})
    return {entry.state["task_type"]: told(entry) for entry in now}


def rollback_check(scope, number):
    found = entries(scope)
    if not found:
        return
    entry = found[number % len(found)]
    task_type, others = entry.state["task_type"], stated(scope)
    others.pop(task_type, None)
    with suppress(UnknownVersion):
        document_rollback(scope=scope, row_id=entry.row_id, to_version=entry.version, by=None)
        assert entry.kind != REMOVED
        assert stated(scope) == {task_type: told(entry), **others}


@settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data(), kind=st.sampled_from(["user", "tier", "task type", "system"]))
def test_a_document_returns_to_any_version_and_its_history_tells_what_it_states(
    ada, premium, data, kind
):
    scope = {
        "user": Scope(user_id=ada.pk),
        "tier": Scope(group_id=premium.pk),
        "task type": Scope(task_type=INSIGHT),
        "system": Scope(),
    }[kind]
    with transaction.atomic():
        for step in data.draw(st.lists(STEPS, min_size=1, max_size=10)):
            if step is None:
                preferences_reset(scope=scope, by=None)
            elif isinstance(step, int):
                rollback_check(scope, step)
            else:
                document = data.draw(OWNED if scope.is_owned else FIELDS)
                preferences_change(scope=scope, change=lambda _, put=document: put, by=None)
            assert replayed(scope) == stated(scope)
        versions = list(Preference.history.values_list("id", "version"))
        assert len(set(versions)) == len(versions)
        transaction.set_rollback(True)
