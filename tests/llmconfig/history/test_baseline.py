"""Rows that are older than their history."""

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection

from llmconfig.history.entries import preference_history, tier_history
from llmconfig.history.rollback import row_rollback
from llmconfig.models import Preference, Tier
from llmconfig.store.services import preference_save

pytestmark = pytest.mark.django_db

baseline = import_module("llmconfig.migrations.0005_history_baseline")


def test_rows_that_exist_begin_their_history_as_they_were_found(ada, premium, state):
    row = state(user=ada, model="qwen3", parameters={"seed": 1}, version=4)
    for model in (Preference, Tier):
        model.history.all().delete()
    baseline.record(apps, connection.schema_editor())
    (entry,) = preference_history()
    assert (entry.place, entry.kind, entry.source) == (row.place, "changed", "baseline")
    assert (entry.state["model"], entry.state["parameters"]) == ("qwen3", {"seed": 1})
    assert [each.scope for each in tier_history()] == ["tier premium"]
    row.model = None
    preference_save(preference=row, by=None)
    row_rollback(model=Preference, row_id=row.pk, to_version=4, by=None)
    assert Preference.objects.get().model == "qwen3"
