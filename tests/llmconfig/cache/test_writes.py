"""Every way of writing through Django changes the very next decision."""

import json

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection, transaction
from django.urls import reverse

from llmconfig.cache.invalidation import everything_changed
from llmconfig.models import Preference, Tier
from llmconfig.store import services
from llmconfig.store.scopes import Scope
from tests.llmconfig.conftest import INSIGHT, SEED

pytestmark = pytest.mark.django_db(transaction=True)


class Scene:
    """ada is in premium and gold; bob is in none. Each scope that can have rows has one."""

    def __init__(self, state):
        self.ada = get_user_model().objects.create_user("ada")
        self.bob = get_user_model().objects.create_user("bob")
        self.premium = Group.objects.create(name="premium")
        self.gold = Group.objects.create(name="gold")
        self.premium_tier = Tier.objects.create(group=self.premium, rank=20)
        self.gold_tier = Tier.objects.create(group=self.gold, rank=10)
        self.ada.groups.set([self.premium, self.gold])
        self.everyone = state(parameters={"top_k": 1})
        self.typed = state(task_type=INSIGHT, parameters={"top_k": 2}, timeout_seconds=41)
        self.tiered = state(group=self.premium, parameters={"top_k": 3}, max_retries=7)
        state(group=self.gold, parameters={"top_k": 4}, max_retries=8)
        self.users = state(user=self.ada, parameters={"seed": 5}, deadline_seconds=99)


@pytest.fixture
def scene(state, configure):
    configure(SEED + 'user_preferences: {premium_model: "pro:1"}')
    return Scene(state)


def save(row, **fields):
    for name, value in fields.items():
        setattr(row, name, value)
    row.save()


def bulk_update(row, **fields):
    for name, value in fields.items():
        setattr(row, name, value)
    Preference.objects.bulk_update([row], list(fields))


def in_transaction(write):
    def do(scene):
        with transaction.atomic():
            write(scene)

    return do


def load(scene):
    fields = {"user": scene.ada.pk, "group": None, "task_type": None, "version": 9}
    fields |= {"model": "loaded:1", "parameters": {}, "updated_at": "2026-01-01T00:00:00Z"}
    row = {"model": "llmconfig.preference", "pk": scene.users.pk, "fields": fields}
    import io
    import sys

    text, sys.stdin = sys.stdin, io.StringIO(json.dumps([row]))
    try:
        call_command("loaddata", "-", format="json", verbosity=0)
    finally:
        sys.stdin = text


def plain_sql(scene):
    with transaction.atomic(), connection.cursor() as cursor:
        everything_changed()
        cursor.execute("UPDATE llmconfig_preference SET max_retries = 1 WHERE user_id IS NOT NULL")


def plain_sql_alone(scene):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE llmconfig_preference SET max_retries = 1 WHERE user_id IS NOT NULL")
    everything_changed()


MINE = {"model": "mine:1"}
WRITES = {
    "save": lambda s: save(s.users, **MINE),
    "save of a tier's row": lambda s: save(s.tiered, max_retries=1),
    "save of a type's row": lambda s: save(s.typed, timeout_seconds=1),
    "save of everyone's row": lambda s: save(s.everyone, parameters={"min_p": 0.5}),
    "create": lambda s: Preference.objects.create(user=s.ada, task_type=INSIGHT, **MINE),
    "create for a tier": lambda s: Preference.objects.create(
        group=s.gold, task_type=INSIGHT, **MINE
    ),
    "delete": lambda s: s.users.delete(),
    "delete of a tier's row": lambda s: s.tiered.delete(),
    "queryset delete": lambda s: Preference.objects.all().delete(),
    "queryset update": lambda s: Preference.objects.filter(user=s.ada).update(**MINE),
    "bulk_create": lambda s: Preference.objects.bulk_create(
        [Preference(user=s.ada, task_type=INSIGHT, **MINE)]
    ),
    "bulk_update": lambda s: bulk_update(s.users, **MINE),
    "update_or_create": lambda s: Preference.objects.update_or_create(
        user=s.ada, task_type=None, defaults=MINE
    ),
    "get_or_create": lambda s: Preference.objects.get_or_create(
        user=s.ada, task_type=INSIGHT, defaults=MINE
    ),
    "given to another": lambda s: save(s.users, user=s.bob),
    "given to all": lambda s: save(s.users, user=None, task_type="TASK_TYPE_TEXT_GENERATION"),
    "taken from the user's side": lambda s: s.ada.llm_preferences.all().delete(),
    "set on the user's side": lambda s: s.ada.llm_preferences.add(
        Preference(task_type=INSIGHT, **MINE), bulk=False
    ),
    "moved on the user's side": lambda s: s.bob.llm_preferences.add(s.users),
    "fixture": load,
    "service for a user": lambda s: services.preferences_change(
        scope=Scope(user_id=s.ada.pk), change=lambda _: {"model": "mine:1"}, by=s.ada
    ),
    "service for a tier": lambda s: services.preferences_change(
        scope=Scope(group_id=s.premium.pk), change=lambda _: {"model": "mine:1"}, by=None
    ),
    "service for everyone": lambda s: services.preferences_change(
        scope=Scope(), change=lambda _: {"model": "mine:1"}, by=None
    ),
    "reset": lambda s: services.preferences_reset(scope=Scope(user_id=s.ada.pk), by=s.ada),
    "groups.remove": lambda s: s.ada.groups.remove(s.premium),
    "groups.clear": lambda s: s.ada.groups.clear(),
    "groups.set": lambda s: s.ada.groups.set([s.gold]),
    "user_set.remove": lambda s: s.premium.user_set.remove(s.ada),
    "user_set.clear": lambda s: s.premium.user_set.clear(),
    "user_set.set": lambda s: s.premium.user_set.set([s.bob]),
    "group renamed": lambda s: save(s.premium, name="premium no more"),
    "group deleted": lambda s: s.premium.delete(),
    "groups deleted": lambda s: Group.objects.all().delete(),
    "rank": lambda s: save(s.premium_tier, rank=5),
    "rank by update": lambda s: Tier.objects.filter(group=s.premium).update(rank=5),
    "tier deleted": lambda s: s.premium_tier.delete(),
    "lists of tiers": lambda s: [
        save(tier, allowed_models=["llama3.2:*"]) for tier in (s.premium_tier, s.gold_tier)
    ],
    "user deleted": lambda s: s.ada.delete(),
    "users deleted": lambda s: get_user_model().objects.all().delete(),
    "plain SQL": plain_sql,
    "plain SQL alone": plain_sql_alone,
}
JOINING = {
    "groups.add": lambda s: s.bob.groups.add(s.premium),
    "user_set.add": lambda s: s.premium.user_set.add(s.bob),
    "given": lambda s: save(s.users, user=s.bob),
    "moved": lambda s: s.bob.llm_preferences.add(s.users),
}


def check(scene, user, write, resolved, truth, django_assert_num_queries):
    pk = user.pk
    before = resolved(pk)
    with django_assert_num_queries(0):
        assert resolved(pk) == before
    write(scene)
    after = resolved(pk)
    assert after == truth(pk)
    assert (after, after.shadowed) != (before, before.shadowed)
    with django_assert_num_queries(0):
        assert resolved(pk) == after


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_write_changes_the_next_decision(
    scene, write, resolved, truth, django_assert_num_queries
):
    check(scene, scene.ada, write, resolved, truth, django_assert_num_queries)


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_so_does_a_write_inside_a_transaction(
    scene, write, resolved, truth, django_assert_num_queries
):
    check(scene, scene.ada, in_transaction(write), resolved, truth, django_assert_num_queries)


@pytest.mark.parametrize("write", JOINING.values(), ids=JOINING)
def test_so_does_a_write_that_gives_a_user_more(
    scene, write, resolved, truth, django_assert_num_queries
):
    check(scene, scene.bob, write, resolved, truth, django_assert_num_queries)


def test_so_does_the_deletion_of_a_user_who_has_only_groups(
    scene, resolved, truth, django_assert_num_queries
):
    scene.bob.groups.add(scene.premium)
    check(scene, scene.bob, lambda s: s.bob.delete(), resolved, truth, django_assert_num_queries)


def test_so_does_an_action_of_the_admin(scene, staff, resolved, truth):
    before = resolved(scene.ada)
    url = reverse("admin:llmconfig_preference_changelist")
    row = scene.users
    chosen = {"action": "delete_rows", "_selected_action": [row.pk], "post": "yes"}
    chosen[f"version_{row.pk}"] = row.version
    assert staff.post(url, chosen).status_code == 302
    assert resolved(scene.ada) == truth(scene.ada) != before


def test_so_does_putting_a_user_into_a_group_in_the_admin(scene, staff, resolved, truth):
    before = resolved(scene.bob)
    url = reverse("admin:auth_user_change", args=[scene.bob.pk])
    page = staff.get(url)
    form = page.context["adminform"].form
    data = {name: value for name, value in form.initial.items() if value is not None}
    data |= {"groups": [scene.premium.pk], "last_login_0": "", "last_login_1": ""}
    data |= {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    data = {name: value for name, value in data.items() if value is not False}
    answer = staff.post(url, data)
    assert answer.status_code == 302, answer.context["errors"]
    assert resolved(scene.bob) == truth(scene.bob) != before


def test_another_process_sees_a_write_at_once(scene, other_process):
    process = other_process()
    assert process.ask("resolve", scene.ada.pk)["model"] == "pro:1"
    save(scene.users, **MINE)
    assert process.ask("resolve", scene.ada.pk)["model"] == "mine:1"
    assert process.ask("resolve", scene.ada.pk) == {"model": "mine:1", "queries": 0}


def test_a_write_of_another_process_is_seen_at_once(scene, resolved, other_process):
    process = other_process()
    assert resolved(scene.ada).model == "pro:1"
    process.ask("save", scene.ada.pk, "theirs:1")
    assert resolved(scene.ada).model == "theirs:1"


def test_a_write_for_one_user_leaves_others_kept(scene, resolved, django_assert_num_queries, state):
    resolved(scene.bob)
    save(scene.users, **MINE)
    scene.ada.groups.remove(scene.gold)
    scene.ada.delete()
    with django_assert_num_queries(0):
        resolved(scene.bob)


def test_flushing_the_database_forgets_everything(scene, resolved):
    assert resolved(None).parameters == {"top_k": 2}
    call_command("flush", interactive=False, verbosity=0)
    assert resolved(None).parameters == {}
