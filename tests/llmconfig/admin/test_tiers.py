"""Tiers: rank, allow-list and members."""

import pytest
from django.contrib.auth.models import Group

from llmconfig.models import Tier

LIST = "/admin/llmconfig/tier/"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _seed(configure):
    configure("", LLM_ALLOWED_MODELS="llama3.*,qwen3")


@pytest.fixture
def tier(premium) -> Tier:
    return Tier.objects.get(group=premium)


def save(staff, tier, **fields):
    typed = {"rank": tier.rank, "opened_version": tier.version, **fields}
    answer = staff.post(f"{LIST}{tier.pk}/change/", typed)
    tier.refresh_from_db()
    return answer


def test_the_list_counts_members_and_preferences(staff, ada, premium, state, django_user_model):
    premium.user_set.add(ada, django_user_model.objects.create_user("bob"))
    state(group=premium)
    state(group=premium, task_type="TASK_TYPE_X")
    state(group=premium, task_type="TASK_TYPE_Y")
    answer = staff.get(LIST)
    [listed] = answer.context["cl"].result_list
    assert (listed.member_count, listed.row_count) == (2, 3)
    page = answer.content.decode()
    assert f'href="/admin/auth/user/?groups__id__exact={premium.pk}">2</a>' in page
    assert f'href="/admin/llmconfig/preference/tiers/?tier={premium.pk}">3</a>' in page


def test_a_tier_is_made_of_a_group(staff):
    gold = Group.objects.create(name="gold")
    staff.post(f"{LIST}add/", {"group": gold.pk, "rank": 30, "allowed_models": " qwen3 \r\n\r\n"})
    made = Tier.objects.get(group=gold)
    assert (made.rank, made.allowed_models) == (30, ["qwen3"])


def test_the_allow_list_has_one_glob_on_a_line(staff, tier):
    save(staff, tier, allowed_models="llama3.2:*\nqwen3")
    assert tier.allowed_models == ["llama3.2:*", "qwen3"]
    form = staff.get(f"{LIST}{tier.pk}/change/").context["adminform"].form
    assert form["allowed_models"].value() == "llama3.2:*\nqwen3"
    save(staff, tier, allowed_models="")
    assert tier.allowed_models is None


def test_a_wrong_glob_stands_beside_its_field(staff, tier):
    answer = save(staff, tier, allowed_models="a b")
    errors = answer.context["adminform"].form.errors
    assert list(errors) == ["allowed_models"]
    told = "names and globs such as qwen3 or llama3.2:* (without a blank); found: 'a b'"
    assert told in errors["allowed_models"][0]


def test_it_shows_which_known_models_the_list_matches(staff, tier, monkeypatch):
    known = ["llama3.2:1b", "phi4", "qwen3"]
    monkeypatch.setattr("llmconfig.resolution.known_models._providers", [lambda: known])
    save(staff, tier, allowed_models="llama3.*\nphi4")
    page = " ".join(staff.get(f"{LIST}{tier.pk}/change/").content.decode().split())
    assert 'llama3.2:1b<span class="lc-hidden"> allowed</span>' in page
    assert '<span class="lc-old">phi4</span> not allowed by the environment' in page
    assert '<span class="lc-old">qwen3</span> not in the list' in page


def test_members_join_and_leave_on_the_tiers_page(staff, ada, tier, django_user_model):
    bob = django_user_model.objects.create_user("bob")
    tier.group.user_set.add(bob)
    save(staff, tier, add_members=[ada.pk], remove_members=[bob.pk])
    assert list(tier.group.user_set.all()) == [ada]


def test_only_members_can_leave(staff, ada, tier):
    answer = save(staff, tier, remove_members=[ada.pk])
    assert list(answer.context["adminform"].form.errors) == ["remove_members"]


@pytest.mark.parametrize("field", ["add_members", "remove_members"])
def test_a_key_that_is_no_number_breaks_nothing(field, staff, tier):
    answer = save(staff, tier, **{field: ["x"]})
    assert list(answer.context["adminform"].form.errors) == [field]


def test_who_may_not_edit_users_changes_no_membership(client, ada, tier, django_user_model, permit):
    bob = django_user_model.objects.create_user("bob")
    tier.group.user_set.add(bob)
    editor = permit(
        django_user_model.objects.create_user("rita", is_staff=True), "change_tier", "view_tier"
    )
    client.force_login(editor)
    assert "add_members" not in client.get(f"{LIST}{tier.pk}/change/").content.decode()
    save(client, tier, rank=7, add_members=[ada.pk], remove_members=[bob.pk])
    assert (tier.rank, list(tier.group.user_set.all())) == (7, [bob])


def test_the_page_of_a_large_tier_names_some_members_and_links_to_all(
    staff, tier, django_user_model
):
    users = django_user_model.objects.bulk_create(
        django_user_model(username=f"user{number:02}") for number in range(60)
    )
    tier.group.user_set.add(*users)
    page = staff.get(f"{LIST}{tier.pk}/change/").content.decode()
    assert "60 members" in page
    assert "user49" in page
    assert "user50" not in page


def test_the_list_takes_the_same_queries_for_any_number_of_tiers(staff, queries_of):
    def add(numbers):
        for number in numbers:
            Tier.objects.create(group=Group.objects.create(name=f"g{number}"), rank=number)

    add(range(5))
    few = queries_of(LIST)
    add(range(5, 50))
    assert queries_of(LIST) == few
