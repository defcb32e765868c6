"""Lists as CSV."""

import csv
import io

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.test import AsyncClient

from llmconfig.admin import export
from llmconfig.admin.export import defused
from llmconfig.models import Preference
from tests.llmconfig.conftest import INSIGHT, SEED

ROOT = "/admin/llmconfig/preference/"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _seed(configure):
    configure(SEED)


def read(answer) -> list[dict[str, str]]:
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_a_row_is_told_field_by_field(staff, ada, state):
    ada.email = "ada@example.org"
    ada.save()
    row = state(
        user=ada,
        task_type=INSIGHT,
        model="qwen3",
        fallback_model="",
        max_retries=0,
        parameters={"temperature": 0.5, "stop": ["a", "b"], "think": False},
    )
    [told] = read(staff.get(f"{ROOT}users.csv"))
    stated = {
        "id": str(row.pk),
        "user": "ada",
        "mail": "ada@example.org",
        "task_type": INSIGHT,
        "model": "qwen3",
        "fallback_model": "",
        "no_fallback": "yes",
        "timeout_seconds": "",
        "max_retries": "0",
        "temperature": "0.5",
        "stop": '["a", "b"]',
        "think": "false",
        "version": "1",
    }
    assert {name: told[name] for name in stated} == stated


def test_it_holds_what_the_list_shows(staff, ada, premium, state):
    state(max_retries=1)
    state(group=premium, max_retries=2)
    state(user=ada, max_retries=3)

    def retries(address):
        return [row["max_retries"] for row in read(staff.get(f"{ROOT}{address}"))]

    assert retries("all.csv") == ["1", "2", "3"]
    assert retries("tiers.csv") == ["2"]
    assert retries("users.csv?q=nobody") == []
    assert retries("all.csv?q=ada&p=1") == ["3"]


def test_an_address_that_no_list_understands_leads_back_to_the_list(staff):
    assert staff.get(f"{ROOT}users.csv?nonsense=1").url == f"{ROOT}users/?e=1"


def test_selected_rows_are_exported_alone(staff, ada, state):
    state(max_retries=1)
    row = state(user=ada, max_retries=3)
    selected = {"action": "export_selected", "_selected_action": [row.pk]}
    assert [each["user"] for each in read(staff.post(f"{ROOT}users/", selected))] == ["ada"]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        *((f"{start}1+1", f"'{start}1+1") for start in ("=", "+", "-", "@", "\t", "\r")),
        (-1.0, "'-1.0"),
        (None, ""),
        ("a=b", "a=b"),
        (0, "0"),
    ],
)
def test_no_cell_is_a_formula(value, cell):
    assert defused(value) == cell


def test_a_name_that_is_a_formula_is_defused(staff, state):
    user = get_user_model().objects.create_user("@SUM(1+1)")
    state(user=user)
    [told] = read(staff.get(f"{ROOT}users.csv"))
    assert told["user"] == "'@SUM(1+1)"


def test_mail_is_for_those_who_may_see_users(client, ada, state, permit):
    state(user=ada)
    reader = permit(get_user_model().objects.create_user("rita", is_staff=True), "view_preference")
    client.force_login(reader)
    [told] = read(client.get(f"{ROOT}users.csv"))
    assert "mail" not in told
    permit(reader, "view_user")
    [told] = read(client.get(f"{ROOT}users.csv"))
    assert told["mail"] == ""


def test_it_is_for_those_who_may_see_preferences(client):
    client.force_login(get_user_model().objects.create_user("otto", is_staff=True))
    assert client.get(f"{ROOT}users.csv").status_code == 403


def test_chunks_hold_every_row_once(staff, state, monkeypatch):
    monkeypatch.setattr(export, "CHUNK", 3)
    users = get_user_model().objects
    rows = [state(user=users.create_user(f"user{number}")) for number in range(7)]
    told = [row["id"] for row in read(staff.get(f"{ROOT}users.csv?o=-1"))]
    assert told == [str(row.pk) for row in rows]


def test_it_is_sent_in_parts_under_asgi_too(state, monkeypatch):
    monkeypatch.setattr(export, "CHUNK", 2)
    users = get_user_model().objects
    for number in range(5):
        state(user=users.create_user(f"user{number}"))
    root = users.create_superuser("root")

    async def parts() -> list[str]:
        client = AsyncClient()
        await client.aforce_login(root)
        answer = await client.get(f"{ROOT}users.csv")
        return [part.decode() async for part in answer.streaming_content]

    sent = async_to_sync(parts)()
    assert [len(part.splitlines()) for part in sent] == [1, 2, 2, 1]


def test_many_rows_start_at_once_and_take_four_queries_for_five_hundred(
    staff, django_assert_max_num_queries
):
    users = get_user_model()
    many = users.objects.bulk_create(users(username=f"user{number}") for number in range(1_200))
    Preference.objects.bulk_create(Preference(user=user, max_retries=1) for user in many)
    answer = staff.get(f"{ROOT}users.csv")
    parts = iter(answer.streaming_content)
    assert next(parts).startswith(b"id,user,")
    with django_assert_max_num_queries(14):
        assert sum(len(part.splitlines()) for part in parts) == 1_200
