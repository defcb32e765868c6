"""Permits in the admin: their number, who holds them, and learning it anew."""

import pytest
from django.urls import reverse

from workers.admin.permit_pools import PermitPoolAdmin
from workers.models import PermitPool

LIST = "admin:workers_permitpool_changelist"


@pytest.fixture
def pool(db):
    return PermitPool.objects.create(
        host="http://gpu:11434", model="qwen3:8b", learned=4, ceiling=5, longest_seconds=6.0
    )


def test_staff_see_how_many_there_are_and_where_that_is_from(admin_client, pool, settings):
    page = admin_client.get(reverse(LIST)).text
    assert "learned" in page
    assert "6.0 s" in page
    settings.LLM_HOST_CONCURRENCY = 2
    assert "stated" in admin_client.get(reverse(LIST)).text


def test_the_number_is_learned_anew_on_request(admin_client, pool):
    chosen = {"action": "forget", "_selected_action": [pool.pk]}
    admin_client.post(reverse(LIST), chosen)
    pool.refresh_from_db()
    assert (pool.learned, pool.ceiling, pool.longest_seconds) == (1, None, None)


def test_a_pool_that_is_newer_than_the_look_is_shown(pool):
    page = PermitPoolAdmin(PermitPool, admin_site=None)
    page._states = {}
    assert page.permits(pool) == 4
