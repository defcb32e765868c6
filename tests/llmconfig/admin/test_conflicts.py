"""A save that the database rolled back for another's sake is made again."""

import psycopg
import pytest
from django.contrib.auth.models import Group
from django.db import OperationalError
from django.urls import reverse

from llmconfig.admin.base import BaseAdmin
from llmconfig.models import Tier

pytestmark = pytest.mark.django_db(transaction=True)


def rolled_back_once(monkeypatch, name):
    """Have the view's transaction end once as one of two in a deadlock; its calls."""
    original, calls = getattr(BaseAdmin, name), []

    def view(self, *args, **kwargs):
        calls.append(name)
        answer = original(self, *args, **kwargs)
        if len(calls) == 1:
            raise OperationalError("x") from psycopg.errors.DeadlockDetected("x")
        return answer

    monkeypatch.setattr(BaseAdmin, name, view)
    return calls


def test_a_save_and_a_deletion_are_made_again_after_a_deadlock(admin_client, monkeypatch):
    group = Group.objects.create(name="premium")
    saves = rolled_back_once(monkeypatch, "_changeform_view")
    form = {"group": group.pk, "rank": 7, "allowed_models": ""}
    answer = admin_client.post(reverse("admin:llmconfig_tier_add"), form)
    assert (answer.status_code, len(saves)) == (302, 2)
    tier = Tier.objects.get()
    assert (tier.rank, tier.version, tier.history.count()) == (7, 1, 1)

    deletions = rolled_back_once(monkeypatch, "_delete_view")
    page = admin_client.get(reverse("admin:llmconfig_tier_delete", args=[tier.pk]))
    assert (page.status_code, len(deletions)) == (200, 2)
