"""``/v1/reports/settings``: one's own; what cannot be is refused with its field."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from tests.llmconfig.history.threads import Work, wait_until_blocked
from workers.reports.models import ReportSettings

pytestmark = pytest.mark.django_db

URL = "/v1/reports/settings"
DEFAULTS = {
    "enabled": True, "weekday": 1, "hour": 7, "time_zone": "", "language": "", "delivery": "mail",
}  # fmt: skip


@pytest.fixture
def api(person):
    from rest_framework.test import APIClient

    client = APIClient()
    client.force_authenticate(person)
    return client


def test_who_stored_nothing_has_the_defaults(api):
    assert api.get(URL).json() == DEFAULTS
    assert not ReportSettings.objects.exists()


def test_put_replaces_patch_changes_and_delete_resets(api):
    assert api.put(URL, {"weekday": 3, "hour": 10}).json() == {
        **DEFAULTS, "weekday": 3, "hour": 10,
    }  # fmt: skip
    changed = api.patch(URL, {"time_zone": "Asia/Kathmandu", "language": "ne"}).json()
    assert (changed["weekday"], changed["time_zone"]) == (3, "Asia/Kathmandu")
    assert api.put(URL, {"enabled": False}).json() == {**DEFAULTS, "enabled": False}
    assert api.delete(URL).json() == DEFAULTS
    assert api.get(URL).json() == DEFAULTS


def test_a_change_leaves_a_zone_that_is_known_no_more(api, person):
    ReportSettings.objects.create(user=person, time_zone="Old/Zone")
    assert api.patch(URL, {"hour": 8}).json() == {**DEFAULTS, "time_zone": "Old/Zone", "hour": 8}


@pytest.mark.django_db(transaction=True)
def test_of_two_changes_at_once_neither_undoes_the_other(api, person):
    mine = ReportSettings.objects.create(user=person)
    with transaction.atomic():
        ReportSettings.objects.filter(pk=mine.pk).update(hour=9)
        other = Work(lambda: api.patch(URL, {"weekday": 3}))
        wait_until_blocked()
    assert other.result.json() == {**DEFAULTS, "hour": 9, "weekday": 3}


@pytest.mark.django_db(transaction=True)
def test_stored_and_reset_by_many_at_once_they_are_no_error_of_the_server(api, client, person):
    client.force_login(person)
    by_hand = {**DEFAULTS, "enabled": "on"}
    calls = [
        lambda: api.put(URL, {"hour": 10}),
        lambda: client.post("/reports/settings/", by_hand),
        lambda: api.delete(URL),
    ]

    def call(number):
        try:
            return calls[number % 3]().status_code
        finally:
            connection.close()

    api.raise_request_exception = client.raise_request_exception = False
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(call, range(120))) == {200, 302}


@pytest.mark.parametrize("name", ["Etc/UTC", "Etc/GMT+12", "UTC", "Pacific/Kiritimati"])
def test_a_zone_is_any_name_of_the_iana_database(api, name):
    assert api.patch(URL, {"time_zone": name}).json()["time_zone"] == name


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"weekday": 0}, "weekday"),
        ({"weekday": 8}, "weekday"),
        ({"hour": 24}, "hour"),
        ({"hour": None}, "hour"),
        ({"delivery": "pigeon"}, "delivery"),
        ({"enabled": "maybe"}, "enabled"),
        ({"zone": "UTC"}, "zone"),
    ],
)
def test_what_the_schema_forbids_is_400_at_its_field(api, body, field):
    answer = api.put(URL, body)
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == {field}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"time_zone": "Mars/Olympus"}, "unknown_time_zone"),
        ({"time_zone": "../etc/passwd"}, "unknown_time_zone"),
        ({"language": "xx-yy"}, "unknown_language"),
    ],
)
def test_what_this_machine_does_not_know_is_409(api, body, code):
    answer = api.put(URL, body)
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert set(answer.json()["errors"]) == set(body)
    assert not ReportSettings.objects.exists()


def test_nobody_reads_settings_without_a_login(client):
    assert client.get(URL).status_code == 401
