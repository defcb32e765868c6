"""A row's history, its return to a version, and the rows that are deleted."""

import re

import pytest

from llmconfig.models import Preference, Tier
from llmconfig.store import services
from tests.llmconfig.conftest import INSIGHT, SEED

ROOT = "/admin/llmconfig/preference/"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _seed(configure):
    configure(SEED)


@pytest.fixture
def row(ada):
    """Made by ada at version 1, changed at version 2."""
    made = Preference(user=ada, task_type=INSIGHT, model="qwen3", max_retries=1)
    row = services.preference_save(preference=made, by=ada, source="api")
    row.model, row.parameters = "phi4", {"temperature": 0.5}
    return services.preference_save(preference=row, by=None, source="command", reason="better")


@pytest.fixture
def gone(row) -> int:
    """The number of a row that was deleted at version 3."""
    number = row.pk
    services.preference_delete(preference=row, by=None, reason="by mistake")
    return number


def text_of(answer) -> str:
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def messages_of(answer) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def test_it_tells_who_when_from_where_why_and_what(staff, row):
    page = text_of(staff.get(f"{ROOT}{row.pk}/history/"))
    assert "History of user ada" in page
    newest, oldest = page.index("changed Version 2 as it is now"), page.index("created Version 1")
    assert newest < oldest
    assert "from: command Why: better Model: qwen3 → phi4" in page
    assert "temperature: nothing stated → 0.5" in page
    assert "by ada from: api Return to this Model: nothing stated → qwen3" in page


def test_a_row_returns_by_post_after_a_page_that_shows_what_changes(staff, row):
    address = f"{ROOT}{row.pk}/return/1/"
    assert f'href="{address}"' in staff.get(f"{ROOT}{row.pk}/history/").content.decode()
    answer = staff.get(address)
    assert "Model: phi4 → qwen3" in text_of(answer)
    assert 'name="csrfmiddlewaretoken"' in answer.content.decode()
    row.refresh_from_db()
    assert row.model == "phi4", "a GET changed it"
    told = staff.post(address, {"opened_version": "2", "reason": "worse"}, follow=True)
    assert messages_of(told) == ["It is as it was at version 1."]
    row.refresh_from_db()
    assert (row.model, row.parameters, row.version) == ("qwen3", {}, 3)
    assert "Why: rollback to v1: worse" in text_of(told)


def test_a_row_that_changed_since_the_page_was_opened_stays(staff, row):
    for seen in ("1", ""):
        told = staff.post(f"{ROOT}{row.pk}/return/1/", {"opened_version": seen}, follow=True)
        assert "Nothing was changed." in messages_of(told)[0]
    row.refresh_from_db()
    assert row.version == 2


def test_a_refusal_is_told_on_the_page_and_by_message(staff, row, configure):
    configure(SEED, LLM_ALLOWED_MODELS="llama3.*,phi4")
    address = f"{ROOT}{row.pk}/return/1/"
    page = text_of(staff.get(address))
    assert "It cannot return: The model qwen3 is not allowed here." in page
    assert "Return it" not in page
    told = staff.post(address, {"opened_version": "2"}, follow=True)
    assert messages_of(told) == ["The model qwen3 is not allowed here."]


def test_returning_to_what_is_there_does_nothing(staff, row):
    address = f"{ROOT}{row.pk}/return/2/"
    assert "It is so already" in text_of(staff.get(address))
    told = staff.post(address, {"opened_version": "2"}, follow=True)
    assert "Nothing to do" in messages_of(told)[0]


def test_deleted_rows_are_listed_and_brought_back(staff, gone):
    page = staff.get(f"{ROOT}deleted/").content.decode()
    address = f"{ROOT}{gone}/return/2/"
    assert f'href="{address}"' in page
    assert "by mistake" in page
    assert "The row was deleted" in text_of(staff.get(address))
    staff.post(address, {"opened_version": ""})
    back = Preference.objects.get(pk=gone)
    assert (back.model, back.version) == ("phi4", 4)
    assert address not in staff.get(f"{ROOT}deleted/").content.decode()


def test_the_history_of_a_deleted_row_stays(staff, gone):
    page = text_of(staff.get(f"{ROOT}{gone}/history/"))
    assert "deleted Version 3" in page


def test_a_row_whose_scope_is_taken_is_refused(staff, gone, ada):
    services.preference_save(preference=Preference(user=ada, task_type=INSIGHT), by=None)
    page = text_of(staff.get(f"{ROOT}{gone}/return/2/"))
    assert "There is another row of the same scope." in page


@pytest.mark.parametrize("address", ["999999/history/", "999999/return/1/", "x/history/"])
def test_what_never_was_is_not_found(address, staff):
    assert staff.get(f"{ROOT}{address}").status_code == 404


def test_a_version_that_never_was_is_not_found(staff, row):
    assert staff.get(f"{ROOT}{row.pk}/return/9/").status_code == 404
    told = staff.post(f"{ROOT}{row.pk}/return/9/", {"opened_version": "2"}, follow=True)
    assert messages_of(told)


def test_a_tier_has_a_history_too(staff, premium):
    tier = Tier.objects.get(group=premium)
    tier.allowed_models = ["qwen3"]
    services.tier_save(tier=tier, by=None)
    root = f"/admin/llmconfig/tier/{tier.pk}/"
    assert "Allowed models: nothing stated → qwen3" in text_of(staff.get(f"{root}history/"))
    first = tier.version - 1
    staff.post(f"{root}return/{first}/", {"opened_version": tier.version})
    tier.refresh_from_db()
    assert tier.allowed_models is None


@pytest.mark.parametrize(
    ("codenames", "reads", "returns", "brings_back"),
    [
        ([], 403, 403, 403),
        (["view_preference"], 200, 403, 403),
        (["view_preference", "change_preference"], 200, 200, 403),
        (["view_preference", "add_preference"], 200, 403, 200),
    ],
)
def test_reading_returning_and_bringing_back_have_their_permissions(
    codenames, reads, returns, brings_back, client, row, permit, django_user_model
):
    other = services.preference_save(preference=Preference(max_retries=1), by=None)
    deleted = other.pk
    services.preference_delete(preference=other, by=None)
    person = permit(django_user_model.objects.create_user("rita", is_staff=True), *codenames)
    client.force_login(person)
    assert client.get(f"{ROOT}{row.pk}/history/").status_code == reads
    assert client.get(f"{ROOT}deleted/").status_code == reads
    assert client.get(f"{ROOT}{row.pk}/return/1/").status_code == returns
    assert client.get(f"{ROOT}{deleted}/return/1/").status_code == brings_back
    if returns == 403:
        assert client.post(f"{ROOT}{row.pk}/return/1/", {"opened_version": 2}).status_code == 403


def test_the_page_takes_the_same_queries_for_any_number_of_entries(staff, row, queries_of):
    few = queries_of(f"{ROOT}{row.pk}/history/")
    for number in range(10):
        row.max_retries = number
        services.preference_save(preference=row, by=None)
    assert queries_of(f"{ROOT}{row.pk}/history/") == few


def test_reasons_and_values_are_escaped(staff, row):
    pages = (f"{ROOT}deleted/", f"{ROOT}{row.pk}/history/")
    services.preference_delete(preference=row, by=None, reason="<script>alert(1)</script>")
    for address in pages:
        assert "<script>alert(1)" not in staff.get(address).content.decode()
