"""Staff change when and how others have their reports; what cannot be is told at its field."""

import pytest
from django.urls import reverse

from workers.reports.models import ReportSettings

pytestmark = pytest.mark.django_db


def change(client, wishes, **fields):
    body = {"user": wishes.user_id, "weekday": 1, "hour": 7, "delivery": "page", **fields}
    return client.post(reverse("admin:reports_reportsettings_change", args=[wishes.pk]), body)


@pytest.fixture
def wishes(django_user_model):
    return ReportSettings.objects.create(user=django_user_model.objects.create_user("ada"))


def test_staff_change_them(admin_client, wishes):
    answer = change(admin_client, wishes, hour=9, time_zone="Asia/Kolkata", language="hi")
    assert answer.status_code == 302
    wishes.refresh_from_db()
    assert (wishes.hour, wishes.time_zone, wishes.language) == (9, "Asia/Kolkata", "hi")
    assert not wishes.enabled


@pytest.mark.parametrize(
    ("field", "value"),
    [("time_zone", "Mars/Olympus"), ("language", "xx"), ("hour", 24), ("weekday", 8)],
)
def test_what_cannot_be_is_told_at_its_field(admin_client, wishes, field, value):
    answer = change(admin_client, wishes, **{field: value})
    assert answer.status_code == 200
    assert set(answer.context["adminform"].form.errors) == {field}
