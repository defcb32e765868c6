"""The admin of breakers and pauses: staff see them, and may end them if they may."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.utils import timezone

from workers.models import Breaker, Pause

pytestmark = pytest.mark.django_db

BREAKERS, PAUSES = "/admin/workers/breaker/", "/admin/workers/pause/"


@pytest.fixture
def breaker():
    return Breaker.objects.create(
        host="http://gpu:11434",
        model="big:7b",
        failures=3,
        open_until=timezone.now() + timedelta(minutes=5),
        last_reason="<b>HTTP 503</b>",
    )


@pytest.fixture
def staff(client, django_user_model):
    """Logs a member of staff in who has these permissions alone."""

    def login(*permissions):
        member = django_user_model.objects.create_user("eve", is_staff=True)
        member.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        client.force_login(member)
        return client

    return login


def act(client, url, action, row):
    return client.post(url, {"action": action, "_selected_action": [row.pk]})


def test_a_breaker_is_shown_with_its_state_in_a_word_and_the_last_reason(admin_client, breaker):
    page = admin_client.get(BREAKERS).content.decode()
    assert "big:7b" in page
    assert "open" in page
    assert "&lt;b&gt;HTTP 503" in page
    assert admin_client.get(f"{BREAKERS}{breaker.pk}/change/").status_code == 200


@pytest.mark.parametrize(
    ("fields", "word"),
    [({"open_until": None}, "closed"), ({"open_until": timezone.now()}, "half-open")],
)
def test_the_other_states_have_words_too(admin_client, breaker, fields, word):
    Breaker.objects.update(**fields)
    assert f">{word}<" in admin_client.get(BREAKERS).content.decode().replace("\n", "")


def test_a_breaker_is_closed_by_who_may_change_breakers(staff, breaker):
    act(staff("view_breaker", "change_breaker"), BREAKERS, "reset", breaker)
    breaker.refresh_from_db()
    assert (breaker.failures, breaker.open_until) == (0, None)
    assert LogEntry.objects.get().get_change_message() == "Closed by hand."


def test_a_breaker_is_not_closed_by_who_may_only_look(staff, breaker):
    act(staff("view_breaker"), BREAKERS, "reset", breaker)
    breaker.refresh_from_db()
    assert breaker.failures == 3


def test_a_breaker_is_not_edited_by_hand(admin_client, breaker):
    assert admin_client.post(f"{BREAKERS}{breaker.pk}/change/", {}).status_code == 403
    assert admin_client.get(f"{BREAKERS}add/").status_code == 403


def pause_by(client, **fields):
    form = {"kind": "model", "name": "qwen3", "reason": "new weights", **fields}
    return client.post(f"{PAUSES}add/", form)


def test_a_pause_is_added_in_the_name_of_who_adds_it(admin_client, admin_user):
    assert pause_by(admin_client).status_code == 302
    made = Pause.objects.get()
    assert (made.name, made.reason, made.created_by) == ("qwen3:latest", "new weights", admin_user)
    assert LogEntry.objects.get().change_message == "new weights"
    assert "qwen3:latest" in admin_client.get(PAUSES).content.decode()


@pytest.mark.parametrize(
    "fields", [{"kind": "queue", "name": "llm.nonsense"}, {"name": "two words"}, {"reason": ""}]
)
def test_a_pause_that_makes_no_sense_is_a_form_error(admin_client, fields):
    page = pause_by(admin_client, **fields)
    assert page.status_code == 200
    assert not Pause.objects.exists()


def test_what_is_paused_is_not_paused_twice(admin_client):
    pause_by(admin_client)
    assert pause_by(admin_client, name="qwen3:latest").status_code == 200
    assert Pause.objects.count() == 1


def test_a_pause_is_not_added_without_permission(staff):
    assert pause_by(staff("view_pause")).status_code == 403


def test_a_pause_is_ended_from_the_list_and_from_its_page(admin_client):
    pause_by(admin_client)
    act(admin_client, PAUSES, "resume", Pause.objects.get())
    assert not Pause.objects.exists()
    pause_by(admin_client)
    url = f"{PAUSES}{Pause.objects.get().pk}/delete/"
    assert admin_client.post(url, {"post": "yes"}).status_code == 302
    assert not Pause.objects.exists()
    assert LogEntry.objects.filter(change_message="new weights").count() == 4


def test_a_pause_is_not_ended_without_permission(staff):
    pause = Pause.objects.create(kind="model", name="qwen3:latest")
    act(staff("view_pause"), PAUSES, "resume", pause)
    assert Pause.objects.exists()
