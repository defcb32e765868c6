"""Two people at one row: the second is told what changed, and nothing is overwritten unseen."""

import threading

import pytest
from django.db import connection
from django.test import Client

from llmconfig.models import Preference, Tier
from llmconfig.store import services
from tests.llmconfig.conftest import INSIGHT, REPORT, SEED

ROOT = "/admin/llmconfig/preference/"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _seed(configure):
    configure(SEED)


@pytest.fixture
def row(ada, django_user_model):
    """A row that ben changed after everybody had opened its form at version 1."""
    ben = django_user_model.objects.create_user("ben")
    row = services.preference_save(
        preference=Preference(user=ada, model="qwen3", max_retries=1), by=ada
    )
    row.model, row.parameters = "phi4", {"temperature": 0.5}
    return services.preference_save(preference=row, by=ben, expected_version=1)


def first_message(answer) -> str:
    return str(next(iter(answer.context["messages"])))


def form_of(answer):
    assert answer.status_code == 200, "the form was accepted"
    return answer.context["adminform"].form


def test_the_form_carries_the_version_that_it_was_opened_with(staff, row):
    form = form_of(staff.get(f"{ROOT}{row.pk}/change/"))
    assert '<input type="hidden" name="opened_version" value="2"' in str(form["opened_version"])


def test_the_second_who_saves_is_told_who_changed_what(staff, row):
    typed = {"model": "llama3.2:1b", "max_retries": "4", "opened_version": "1"}
    form = form_of(staff.post(f"{ROOT}{row.pk}/change/", typed))
    told = "\n".join(form.non_field_errors())
    assert "nothing was saved" in told
    assert "Changed by ben on" in told
    assert "Model: qwen3 → phi4" in told
    assert "temperature: nothing stated → 0.5" in told
    assert "Retries" not in told


def test_what_others_wrote_is_escaped_where_it_is_told(staff, row):
    row.parameters = {"stop": ["<script>alert(1)</script>"]}
    services.preference_save(preference=row, by=None)
    answer = staff.post(f"{ROOT}{row.pk}/change/", {"opened_version": "2"})
    assert "stop: nothing stated" in answer.content.decode()
    assert "<script>alert(1)" not in answer.content.decode()


def test_nothing_of_the_second_is_stored(staff, row):
    typed = {"model": "llama3.2:1b", "max_retries": "4", "opened_version": "1"}
    form_of(staff.post(f"{ROOT}{row.pk}/change/", typed))
    row.refresh_from_db()
    assert (row.model, row.max_retries, row.version) == ("phi4", 1, 2)


def test_what_was_typed_is_kept_and_saving_again_is_a_decision(staff, row):
    typed = {"model": "llama3.2:1b", "max_retries": "4", "opened_version": "1"}
    form = form_of(staff.post(f"{ROOT}{row.pk}/change/", typed))
    again = {name: form[name].value() for name in typed}
    assert again == {**typed, "opened_version": "2"}
    assert staff.post(f"{ROOT}{row.pk}/change/", again).status_code == 302
    row.refresh_from_db()
    assert (row.model, row.version) == ("llama3.2:1b", 3)


@pytest.mark.parametrize("version", ["", "x", "99"])
def test_a_form_without_the_version_saves_nothing(version, staff, row):
    form_of(staff.post(f"{ROOT}{row.pk}/change/", {"model": "qwen3", "opened_version": version}))
    row.refresh_from_db()
    assert row.version == 2


@pytest.mark.parametrize("page", ["delete", "return/1"])
def test_a_version_of_thousands_of_digits_is_a_stale_one(page, staff, row):
    typed = {"post": "yes", "opened_version": "9" * 5000}
    answer = staff.post(f"{ROOT}{row.pk}/{page}/", typed, follow=True)
    assert "Meanwhile" in first_message(answer)
    row.refresh_from_db()
    assert row.version == 2


def test_a_row_that_is_gone_is_said_to_be_gone(staff, row):
    services.preference_delete(preference=row, by=None)
    address = f"{ROOT}{row.pk}/change/"
    answer = staff.post(address, {"model": "qwen3", "opened_version": "2"}, follow=True)
    assert "Perhaps it was deleted?" in first_message(answer)
    assert not Preference.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_save_at_once_one_is_told(ada, django_user_model):
    django_user_model.objects.create_superuser("root")
    row = services.preference_save(preference=Preference(user=ada), by=ada)
    together = threading.Barrier(2, timeout=30)
    answers = []

    def save(model):
        client = Client()
        client.force_login(django_user_model.objects.get(username="root"))
        together.wait()
        typed = {"model": model, "opened_version": "1"}
        answers.append(client.post(f"{ROOT}{row.pk}/change/", typed).status_code)
        connection.close()

    savers = [threading.Thread(target=save, args=[model]) for model in ("qwen3", "phi4")]
    for saver in savers:
        saver.start()
    for saver in savers:
        saver.join(60)
    assert sorted(answers) == [200, 302]
    row.refresh_from_db()
    assert row.version == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_who_add_one_scope_at_once_one_is_told(django_user_model):
    django_user_model.objects.create_superuser("root")
    together = threading.Barrier(2, timeout=30)
    answers = []

    def add(retries):
        client = Client()
        client.force_login(django_user_model.objects.get(username="root"))
        together.wait()
        typed = {"task_type": INSIGHT, "max_retries": retries}
        answers.append(client.post(f"{ROOT}add/", typed).status_code)
        connection.close()

    adders = [threading.Thread(target=add, args=[retries]) for retries in (1, 2)]
    for adder in adders:
        adder.start()
    for adder in adders:
        adder.join(60)
    assert sorted(answers) == [200, 302]
    assert Preference.objects.count() == 1


def test_what_changed_meanwhile_is_not_deleted(staff, row):
    address = f"{ROOT}{row.pk}/delete/"
    assert 'name="opened_version" value="2"' in staff.get(address).content.decode()
    answer = staff.post(address, {"post": "yes", "opened_version": "1"}, follow=True)
    assert "Nothing was changed." in first_message(answer)
    assert answer.redirect_chain == [(address, 302)]
    assert Preference.objects.exists()
    assert staff.post(address, {"post": "yes"}).status_code == 302
    assert Preference.objects.exists()
    staff.post(address, {"post": "yes", "opened_version": "2", "reason": "too slow"})
    assert not Preference.objects.exists()
    assert Preference.history.latest("history_id").history_change_reason == "too slow"


def test_several_are_deleted_together_or_not_at_all(staff, row):
    other = services.preference_save(preference=Preference(task_type=REPORT), by=None)
    selected = {"action": "delete_rows", "_selected_action": [row.pk, other.pk]}
    page = staff.post(ROOT, selected).content.decode()
    assert f'name="version_{row.pk}" value="2"' in page
    assert f'name="version_{other.pk}" value="1"' in page
    confirmed = {**selected, "post": "yes", f"version_{other.pk}": "1"}
    answer = staff.post(ROOT, {**confirmed, f"version_{row.pk}": "1"})
    assert "Nothing was changed." in first_message(answer)
    assert Preference.objects.count() == 2
    staff.post(ROOT, {**confirmed, f"version_{row.pk}": "2", "reason": "tidy"})
    assert not Preference.objects.exists()
    told = Preference.history.filter(history_type="-").values_list(
        "history_change_reason", flat=True
    )
    assert set(told) == {"tidy"}


def test_more_rows_than_one_form_holds_are_not_deleted_at_once(staff, row, monkeypatch):
    monkeypatch.setattr("llmconfig.admin.versioned.MAX_ROWS", 0)
    selected = {"action": "delete_rows", "_selected_action": [row.pk]}
    answer = staff.post(ROOT, selected, follow=True)
    assert first_message(answer) == "Select at most 0 rows."


def test_the_form_of_a_tier_tells_too(staff, premium, django_user_model):
    ben = django_user_model.objects.create_user("ben")
    tier = Tier.objects.get(group=premium)
    opened = tier.version
    tier.rank = 30
    services.tier_save(tier=tier, by=ben)
    address = f"/admin/llmconfig/tier/{tier.pk}/"
    typed = {"rank": "5", "allowed_models": "qwen3", "opened_version": opened}
    told = form_of(staff.post(f"{address}change/", typed)).non_field_errors()
    assert any("Changed by ben" in line for line in told)
    staff.post(f"{address}delete/", {"post": "yes", "opened_version": opened})
    tier.refresh_from_db()
    assert (tier.rank, tier.allowed_models) == (30, None)


def test_why_is_kept_with_the_change(staff, row):
    typed = {"model": "qwen3", "opened_version": "2", "reason": " as agreed "}
    staff.post(f"{ROOT}{row.pk}/change/", typed)
    record = Preference.history.latest("history_id")
    told = (record.history_change_reason, record.history_source, record.history_user.username)
    assert told == ("as agreed", "admin", "root")


@pytest.mark.parametrize("reason", ["x" * 101, "two\nlines"])
def test_a_reason_is_one_short_line(reason, staff, row):
    typed = {"opened_version": "2", "reason": reason}
    assert list(form_of(staff.post(f"{ROOT}{row.pk}/change/", typed)).errors) == ["reason"]
