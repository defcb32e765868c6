"""``/v1/reports/weekly``: one's own reports; one of a week that has ended is made on demand."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone
from rest_framework.test import APIClient

from workers.models import TaskRun
from workers.reports.models import ReportSettings, WeeklyReport
from workers.reports.weeks import week_last_ended, week_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("config_file", "broker")]

URL = "/v1/reports/weekly"


@pytest.fixture
def client_of():
    def client(user):
        made = APIClient()
        made.force_authenticate(user)
        return made

    return client


@pytest.fixture
def api(person, client_of):
    return client_of(person)


@pytest.fixture
def week():
    return week_last_ended(timezone.now(), ZoneInfo("UTC"))


@pytest.fixture
def work(person):
    """Makes something to report of a week."""

    def make(week):
        TaskRun.objects.create(
            user=person, task_type="TASK_TYPE_INSIGHT_GENERATION", queue="llm.insight_generation",
            payload={"entries": [{"date": week.monday.isoformat(), "text": "worked"}]},
            llm_config={}, deadline=timezone.now() + timedelta(days=1),
        )  # fmt: skip

    return make


@pytest.fixture
def worked(work, week):
    work(week)


@pytest.fixture
def report(person, week):
    def make(user=person, weeks_ago=0, **fields):
        its = week.shifted(-weeks_ago)
        starts_at, ends_at = its.bounds(ZoneInfo("UTC"))
        return WeeklyReport.objects.create(
            **{"user": user, "week": str(its), "starts_at": starts_at, "ends_at": ends_at,
               "time_zone": "UTC", "language": "en", "content": "Done.",
               "facts": {"runs": {"total": 1}}, "written_at": ends_at, **fields},
        )  # fmt: skip

    return make


def test_a_report_is_made_now_and_told_where_it_is(api, worked, week):
    answer = api.post(URL, {"week": str(week)}, format="json")
    assert answer.status_code == 202
    told = answer.json()
    report = WeeklyReport.objects.get()
    assert answer["Location"] == f"{URL}/{report.pk}"
    assert (told["report_id"], told["week"]) == (str(report.pk), str(week))
    assert (told["task_id"], told["content"], told["facts"]) == (str(report.run_id), None, None)
    assert told["status"] in ("pending", "queued")


def test_without_a_week_it_is_the_last_that_ended_in_the_callers_zone(api, person, work):
    ReportSettings.objects.create(user=person, time_zone="Pacific/Kiritimati")
    theirs = week_last_ended(timezone.now(), ZoneInfo("Pacific/Kiritimati"))
    work(theirs)
    assert api.post(URL).json()["week"] == str(theirs)


def test_one_that_is_there_is_told(api, report, week):
    there = report()
    answer = api.post(URL, {"week": str(week)}, format="json")
    assert (answer.status_code, answer.json()["report_id"]) == (200, str(there.pk))
    assert answer["Location"] == f"{URL}/{there.pk}"


def test_asked_for_twice_it_is_made_once(api, worked):
    first, second = api.post(URL), api.post(URL)
    assert (first.status_code, second.status_code) == (202, 200)
    assert first.json()["task_id"] == second.json()["task_id"]


def test_one_that_failed_gets_a_new_task_on_the_same_report(api, worked):
    first = api.post(URL).json()
    TaskRun.objects.filter(pk=first["task_id"]).update(
        status="failed", finished_at=timezone.now(), error={"code": "x", "detail": "y"}
    )
    assert api.get(f"{URL}/{first['report_id']}").json()["error"]["code"] == "x"
    again = api.post(URL)
    assert again.status_code == 202
    assert again.json()["report_id"] == first["report_id"]
    assert again.json()["task_id"] != first["task_id"]


def test_a_week_without_activity_is_409(api):
    answer = api.post(URL)
    assert (answer.status_code, answer.json()["code"]) == (409, "no_activity")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"week": "2026-47"}, 400, "invalid"),
        ({"week": 202647}, 400, "invalid"),
        ({"week": None}, 400, "invalid"),
        ({"week": "2026-W47\n"}, 400, "invalid"),
        ({"wek": "2026-W47"}, 400, "invalid"),
        ([], 400, "invalid"),
        ({"week": "2025-W53"}, 409, "unknown_week"),
        ({"week": "0000-W01"}, 409, "unknown_week"),
        ({"week": "9998-W01"}, 409, "week_not_ended"),
        ({"week": "1971-W01"}, 409, "week_too_old"),
    ],
)
def test_a_week_that_cannot_be_is_refused(api, body, status, code):
    answer = api.post(URL, body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_the_week_that_goes_on_has_not_ended(api):
    now = str(week_of(datetime.now(UTC), ZoneInfo("UTC")))
    assert api.post(URL, {"week": now}, format="json").json()["code"] == "week_not_ended"


def test_a_report_is_told_with_text_and_facts_although_its_run_is_gone(api, report):
    told = api.get(f"{URL}/{report().pk}").json()
    assert (told["status"], told["content"]) == ("succeeded", "Done.")
    assert (told["facts"], told["task_id"]) == ({"runs": {"total": 1}}, None)


def test_the_list_tells_the_newest_weeks_first_in_pages_and_no_texts(api, report):
    for weeks_ago in (2, 0, 1):
        report(weeks_ago=weeks_ago)
    first = api.get(URL, {"limit": 2}).json()
    second = api.get(first["next"]).json()
    weeks = [told["week"] for told in first["results"] + second["results"]]
    assert weeks == sorted(weeks, reverse=True)
    assert len(weeks) == 3
    assert second["next"] is None
    assert "content" not in first["results"][0]


def test_others_reports_are_not_there_and_staff_see_all(api, report, person, client_of):
    ben = get_user_model().objects.create_user("ben")
    theirs, mine = report(ben), report()
    assert api.get(f"{URL}/{theirs.pk}").status_code == 404
    assert [told["report_id"] for told in api.get(URL).json()["results"]] == [str(mine.pk)]
    assert api.get(URL, {"user": ben.pk}).json()["results"] == []
    staff = client_of(get_user_model().objects.create_user("root", is_staff=True))
    assert staff.get(f"{URL}/{theirs.pk}").json()["user_id"] == str(ben.pk)
    assert len(staff.get(URL).json()["results"]) == 2
    found = staff.get(URL, {"user": ben.pk}).json()["results"]
    assert [told["report_id"] for told in found] == [str(theirs.pk)]


def test_staff_are_told_each_report_once_although_thousands_begin_at_one_moment(
    week, client_of, django_user_model
):
    users = django_user_model.objects.bulk_create(
        django_user_model(username=f"user{number}") for number in range(1250)
    )
    starts_at, ends_at = week.bounds(ZoneInfo("UTC"))
    WeeklyReport.objects.bulk_create(
        WeeklyReport(
            user=user, week=str(week), starts_at=starts_at, ends_at=ends_at, time_zone="UTC",
            language="en",
        )
        for user in users
    )  # fmt: skip
    staff = client_of(django_user_model.objects.create_user("root", is_staff=True))
    address, told = f"{URL}?limit=100", []
    while address and len(told) <= len(users):
        page = staff.get(address).json()
        address = page["next"]
        told += [each["report_id"] for each in page["results"]]
    assert len(told) == len(set(told)) == len(users)


@pytest.mark.parametrize("path", [f"{URL}/none", f"{URL}/{'0' * 32}"])
def test_what_is_no_report_is_404(api, path):
    assert api.get(path).json()["code"] == "not_found"


@pytest.mark.parametrize(
    "query", ["user=x", "user=0", "user=1&user=2", "week=2026-W47", "limit=0", "cursor=x"]
)
def test_a_query_that_makes_no_sense_is_refused(api, query):
    assert api.get(f"{URL}?{query}").status_code in (400, 404)


def test_a_page_of_twenty_takes_as_many_queries_as_one_of_one(
    api, report, django_assert_num_queries
):
    for weeks_ago in range(20):
        report(weeks_ago=weeks_ago)
    for limit in (1, 20):
        with django_assert_num_queries(1):
            api.get(URL, {"limit": limit})


def test_nobody_anonymous_comes_here(client_of):
    assert APIClient().get(URL).status_code == 401
    assert APIClient().post(URL).status_code == 401


def test_notes_on_a_text_are_told_with_it_and_in_the_list(api, report):
    note = {"code": "entries_left_out", "detail": "2 of 9 entries were left out."}
    made = report(notes=[note])
    assert api.get(f"{URL}/{made.pk}").json()["notes"] == [note]
    assert api.get(URL).json()["results"][0]["notes"] == [note]
