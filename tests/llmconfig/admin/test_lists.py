"""One list for each scope: what it holds, finds and says."""

import pytest
from django.contrib.auth.models import Group

from llmconfig.models import Preference, Tier
from tests.llmconfig.conftest import INSIGHT, REPORT, SEED

ROOT = "/admin/llmconfig/preference/"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _seed(configure):
    configure(SEED, LLM_ALLOWED_MODELS="llama3.*,qwen3")


@pytest.fixture
def rows(ada, premium, state):
    """One row for each scope, by name."""
    ada.email = "lovelace@example.org"
    ada.save()
    ada.groups.add(premium)
    return {
        "everyone": state(fallback_model="qwen3"),
        "type": state(task_type=INSIGHT, model="phi4"),
        "tier": state(group=premium, model="llama3.2:7b"),
        "tier and type": state(group=premium, task_type=REPORT, max_retries=1),
        "user": state(user=ada, model="qwen3", fallback_model=""),
        "user and type": state(user=ada, task_type="TASK_TYPE_GONE"),
        "invalid": state(group=premium, task_type=INSIGHT, model="a b"),
    }


def listed(staff, rows, address) -> set[str]:
    names = {row.pk: name for name, row in rows.items()}
    return {names[row.pk] for row in staff.get(f"{ROOT}{address}").context["cl"].result_list}


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("everyone/", {"everyone"}),
        ("task-types/", {"type"}),
        ("tiers/", {"tier", "tier and type", "invalid"}),
        ("users/", {"user", "user and type"}),
        ("users/?q=lovelace", {"user", "user and type"}),
        ("users/?q=premium", {"user", "user and type"}),
        ("users/?q=qwen", {"user"}),
        ("tiers/?q=premium+7b", {"tier"}),
        (f"tiers/?task_type={REPORT}", {"tier and type"}),
        ("tiers/?task_type=none", {"tier"}),
        ("users/?model=qwen3", {"user"}),
        ("?model=qwen3", {"everyone", "user"}),
        ("?model=library/Qwen3:latest", {"everyone", "user"}),
        ("?fallback=none", {"user"}),
        ("?fallback=named", {"everyone"}),
        ("users/?fallback=inherits", {"user and type"}),
        ("?state=not_allowed", {"type", "invalid"}),
        ("?state=invalid", {"invalid"}),
        ("?state=not_registered", {"user and type"}),
        ("?state=empty", {"user and type"}),
        ("?state=nonsense&fallback=nonsense", None),
    ],
)
def test_lists_hold_their_scope_and_are_searched_and_filtered(address, found, staff, rows):
    assert listed(staff, rows, address) == (set(rows) if found is None else found)


def test_members_and_rows_of_one_tier_are_found_by_it(staff, rows, premium):
    assert listed(staff, rows, f"users/?tier={premium.pk}") == {"user", "user and type"}
    assert listed(staff, rows, f"tiers/?tier={premium.pk}") == {
        "tier",
        "tier and type",
        "invalid",
    }
    assert listed(staff, rows, "tiers/?tier=0") == set()
    assert len(listed(staff, rows, "tiers/?tier=x")) == 3


def test_a_row_says_why_it_does_not_count(staff, rows, premium):
    Tier.objects.filter(group=premium).update(allowed_models=["llama3.*"])
    page = staff.get(f"{ROOT}users/").content.decode()
    assert "model not allowed" in page
    assert "task type not registered, states nothing" in page
    assert listed(staff, rows, "users/?state=not_allowed") == {"user"}


def test_a_tier_without_a_list_allows_its_members_all(staff, rows, premium, ada):
    Tier.objects.filter(group=premium).update(allowed_models=["llama3.*"])
    other = Group.objects.create(name="staff")
    Tier.objects.create(group=other, rank=1)
    ada.groups.add(other)
    assert listed(staff, rows, "users/?state=not_allowed") == set()


@pytest.mark.parametrize("slug", ["everyone/", "task-types/", "tiers/", "users/", ""])
def test_an_empty_list_says_what_holds_instead(slug, staff):
    scope = staff.get(f"{ROOT}{slug}").context["cl"].scope
    assert str(scope.empty) in staff.get(f"{ROOT}{slug}").content.decode()


@pytest.mark.parametrize("slug", ["everyone", "task-types", "tiers", "users"])
def test_forms_lead_back_to_the_list_that_they_were_opened_from(slug, staff):
    page = staff.get(f"{ROOT}{slug}/").content.decode()
    assert f"/add/?_changelist_filters=scope%3D{slug}" in page
    answer = staff.post(
        f"{ROOT}add/?_changelist_filters=scope%3D{slug}%26q%3Dx", {"task_type": INSIGHT}
    )
    back = staff.get(answer.url)
    assert back.url == f"{ROOT}{slug}/?q=x"


def test_a_form_that_was_opened_from_no_list_leads_to_its_rows_list(staff, premium):
    answer = staff.post(f"{ROOT}add/", {"group": premium.pk})
    assert answer.url == f"{ROOT}tiers/"


def test_the_form_of_a_new_row_asks_for_its_scope_alone(staff):
    def asks(slug):
        page = staff.get(f"{ROOT}add/?scope={slug}")
        fields = page.context["adminform"].form.fields
        return {name for name in ("user", "group", "task_type") if name in fields}

    assert asks("everyone") == set()
    assert asks("task-types") == {"task_type"}
    assert asks("tiers") == {"group", "task_type"}
    assert asks("users") == {"user", "task_type"}


@pytest.mark.parametrize("slug", ["task-types/", "tiers/", "users/", ""])
def test_lists_take_the_same_queries_for_any_number_of_rows(
    slug, staff, django_user_model, queries_of
):
    def add(numbers):
        for number in numbers:
            user = django_user_model.objects.create_user(f"user{number}")
            group = Group.objects.create(name=f"group{number}")
            Tier.objects.create(group=group, rank=number)
            user.groups.add(group)
            Preference.objects.create(user=user, updated_by=user)
            Preference.objects.create(group=group, updated_by=user)
            Preference.objects.create(task_type=f"TASK_TYPE_{number}", updated_by=user)

    add(range(5))
    few = queries_of(f"{ROOT}{slug}")
    add(range(5, 50))
    assert queries_of(f"{ROOT}{slug}") == few
    assert few <= 15


def test_people_are_found_by_whoever_may_see_preferences(client, ada, django_user_model, permit):
    query = "app_label=llmconfig&model_name=preference&field_name=user&term=ad"
    reader = permit(django_user_model.objects.create_user("rita", is_staff=True), "view_preference")
    client.force_login(reader)
    answer = client.get(f"{ROOT}people/?{query}")
    assert answer.json()["results"] == [{"id": str(ada.pk), "text": "ada"}]
    client.force_login(django_user_model.objects.create_user("otto", is_staff=True))
    assert client.get(f"{ROOT}people/?{query}").status_code == 403
