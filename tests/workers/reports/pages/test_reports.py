"""The pages of reports: one's own, and nobody else's."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from workers.models import TaskRun
from workers.reports.models import Delivery, ReportSettings, WeeklyReport
from workers.reports.weeks import Week

pytestmark = pytest.mark.django_db

LIST, SETTINGS = "/reports/", "/reports/settings/"


@pytest.fixture
def ada(django_user_model):
    return django_user_model.objects.create_user("ada", "ada@example.org", "pw")


@pytest.fixture
def page(client, ada):
    client.force_login(ada)
    return client


@pytest.fixture
def report_of(ada):
    def make(user=ada, *, number=47, **fields):
        now = timezone.now()
        return WeeklyReport.objects.create(
            **{
                "user": user,
                "week": str(Week(2026, number)),
                "starts_at": now - timedelta(weeks=60 - number),
                "ends_at": now - timedelta(weeks=59 - number),
                "time_zone": "Europe/Berlin",
                "language": "en",
                "content": "# Done <script>alert(1)</script>",
                "written_at": now,
                **fields,
            }
        )

    return make


def run_of(user, **fields):
    now = timezone.now()
    return TaskRun.objects.create(
        **{
            "user": user,
            "task_type": "TASK_TYPE_WEEKLY_REPORT",
            "queue": "llm.weekly_report.low",
            "payload": {},
            "llm_config": {},
            "deadline": now + timedelta(days=1),
            **fields,
        }
    )


@pytest.mark.parametrize("address", [LIST, SETTINGS, f"/reports/{uuid.UUID(int=1)}/"])
def test_who_is_not_logged_in_is_sent_to_the_login_and_back(client, address):
    answer = client.get(address)
    assert answer.status_code == 302
    assert answer.url == f"/login/?next={address}"


def test_a_person_logs_in_and_out(client, ada):
    answer = client.post("/login/", {"username": "ada", "password": "pw"})
    assert answer.url == LIST
    assert client.get(LIST).status_code == 200
    assert client.post("/logout/").url == "/login/"
    assert client.get(LIST).status_code == 302


def test_own_reports_are_listed_newest_first_and_in_pages(page, report_of, django_user_model):
    for number in range(20, 48):
        report_of(number=number)
    report_of(django_user_model.objects.create_user("ben"), number=19)
    first = page.get(LIST).content.decode()
    assert first.index("2026-W47") < first.index("2026-W46")
    assert "2026-W27" not in first
    second = page.get(LIST, {"page": 2}).content.decode()
    assert "2026-W20" in second
    assert "2026-W19" not in second


def test_the_list_takes_as_many_queries_however_long_it_is(
    page, report_of, django_assert_max_num_queries
):
    for number in range(30, 48):
        report_of(number=number, run=run_of(None))
    with django_assert_max_num_queries(5):
        page.get(LIST)


@pytest.mark.parametrize(
    ("server", "address", "how"),
    [
        (True, "ada@example.org", "by mail."),
        (True, "", "only on the page."),
        (False, "ada@example.org", "only on the page."),
    ],
)
def test_reports_are_said_to_come_by_mail_where_they_do(page, ada, settings, server, address, how):
    settings.REPORT_MAIL = server
    ada.email = address
    ada.save()
    assert f"Written every Monday at 07:00, {how}" in page.get(LIST).content.decode()


def test_a_page_that_does_not_exist_is_not_found(page):
    assert page.get(LIST, {"page": "7"}).status_code == 404
    assert page.get(LIST, {"page": "x"}).status_code == 404


def test_a_report_is_shown_with_nothing_in_it_that_acts(page, report_of):
    answer = page.get(f"/reports/{report_of().pk}/")
    text = answer.content.decode()
    assert "<h2>Done &lt;script&gt;alert(1)&lt;/script&gt;</h2>" in text
    assert "<script" not in text
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("is_staff", [False, True])
def test_somebody_elses_report_is_not_found(page, ada, report_of, django_user_model, is_staff):
    ada.is_staff = is_staff
    ada.save()
    others = report_of(django_user_model.objects.create_user("ben"))
    assert page.get(f"/reports/{others.pk}/").status_code == 404
    assert page.post(f"/reports/{others.pk}/again/").status_code == 404


def test_what_is_not_found_is_told_on_a_page_that_leads_back(page, client):
    for address in ("/reports/nothing/", f"/reports/{uuid.UUID(int=1)}/", "/nothing"):
        answer = page.get(address)
        assert answer.status_code == 404
        assert f'href="{LIST}"' in answer.content.decode()
        assert "ada" in answer.content.decode()
    client.logout()
    assert "Not found" in client.get("/nothing").content.decode()


def test_an_error_of_ours_is_told_on_a_page(page, monkeypatch):
    page.raise_request_exception = False
    monkeypatch.setattr("workers.reports.pages.reports.wishes_of", lambda user_id: 1 / 0)
    answer = page.get(LIST)
    assert answer.status_code == 500
    assert "An error of ours" in answer.content.decode()
    assert "ZeroDivision" not in answer.content.decode()


def test_a_report_under_way_looks_again_and_is_not_loaded_every_so_often(page, ada, report_of):
    report = report_of(written_at=None, content="", run=run_of(ada))
    text = page.get(f"/reports/{report.pk}/").content.decode()
    assert "reports/under_way.js" in text
    assert "data-under-way" in text
    assert "Look again</a>" in text
    assert "http-equiv" not in text
    assert "data-under-way" not in page.get(f"/reports/{report_of(number=46).pk}/").content.decode()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"status": "queued"}, "It waits for a free worker."),
        ({"status": "pending", "available_at": timedelta(hours=1)}, "It starts at "),
        ({"status": "retrying"}, "the next one is made soon."),
        ({"status": "retrying", "parked_on": "http://gpu:11434"}, "which does not answer."),
        ({"status": "retrying", "parked_on": "queue llm.weekly_report"}, "its queue is paused."),
        ({"status": "retrying", "parked_on": "model a:1"}, "its model is paused."),
        ({"status": "retrying", "parked_on": "breaker a:1 b:1"}, "tried again soon."),
        ({"status": "retrying", "parked_on": "permit http://gpu:1 a:1"}, "for its turn"),
    ],
)
def test_a_report_that_waits_says_for_what(page, ada, report_of, fields, sentence):
    if "available_at" in fields:
        fields = {**fields, "available_at": timezone.now() + fields["available_at"]}
    report = report_of(written_at=None, content="", run=run_of(ada, **fields))
    text = page.get(f"/reports/{report.pk}/").content.decode()
    assert "This report is not being written yet." in text
    assert sentence in text
    assert "data-under-way" in text
    assert 'class="badge">waiting<' in page.get(LIST).content.decode()


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "running", "claim_token": uuid.UUID(int=1), "lease_expires_at": timezone.now()},
        {"status": "retrying", "parked_on": "parts 5"},
    ],
)
def test_a_report_that_is_being_written_is_shown_so(page, ada, report_of, fields):
    report = report_of(written_at=None, content="", run=run_of(ada, **fields))
    text = page.get(f"/reports/{report.pk}/").content.decode()
    assert "A model is writing this report." in text
    assert 'class="badge">being written<' in page.get(LIST).content.decode()


def test_a_report_that_failed_tells_why_and_can_be_tried_again(page, ada, report_of):
    error = {"code": "all_failed", "detail": "No <model> answered."}
    failed = run_of(ada, status="failed", finished_at=timezone.now(), error=error)
    report = report_of(written_at=None, content="", run=failed)
    address = f"/reports/{report.pk}/"
    assert b"No &lt;model&gt; answered." in page.get(address).content
    assert page.post(f"{address}again/").url == address
    report.refresh_from_db()
    assert report.run.retry_of == failed


def test_a_week_without_activity_is_told_in_words(page):
    answer = page.post(LIST, follow=True)
    assert b"There is nothing to report" in answer.content


def test_settings_begin_with_the_defaults_and_are_kept(page, ada):
    assert b"The server&#x27;s: UTC" in page.get(SETTINGS).content
    assert not ReportSettings.objects.exists()
    body = {"enabled": "on", "weekday": 3, "hour": 10, "time_zone": "Europe/Berlin"}
    answer = page.post(SETTINGS, {**body, "language": "de", "delivery": "page"}, follow=True)
    assert b"Saved." in answer.content
    stored = ReportSettings.objects.get(user=ada)
    assert (stored.weekday, stored.hour, stored.time_zone) == (3, 10, "Europe/Berlin")
    assert (stored.language, stored.delivery) == ("de", Delivery.PAGE)


def test_settings_that_cannot_be_are_told_at_their_field(page):
    body = {"weekday": 8, "hour": 24, "time_zone": "Mars/Olympus", "delivery": "pigeon"}
    answer = page.post(SETTINGS, {**body, "language": "xx"})
    assert answer.status_code == 200
    assert set(answer.context["form"].errors) == {*body, "language"}
    assert not ReportSettings.objects.exists()


def test_a_stored_zone_that_is_known_no_more_stays_until_it_is_changed(page, ada):
    ReportSettings.objects.create(user=ada, time_zone="Old/Zone")
    assert b'value="Old/Zone" selected' in page.get(SETTINGS).content
    body = {"enabled": "on", "weekday": 1, "hour": 8, "time_zone": "Old/Zone", "delivery": "mail"}
    page.post(SETTINGS, body)
    stored = ReportSettings.objects.get(user=ada)
    assert (stored.hour, stored.time_zone) == (8, "Old/Zone")


@pytest.mark.parametrize("address", [LIST, SETTINGS, reverse("logout")])
def test_a_post_without_its_token_is_refused(ada, address):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ada)
    assert strict.post(address).status_code == 403


def test_what_a_text_leaves_out_is_told_above_it(page, report_of):
    note = {"code": "entries_left_out", "detail": "2 of 9 <b>entries</b> were left out."}
    text = page.get(f"/reports/{report_of(notes=[note]).pk}/").content.decode()
    assert '<p class="note">2 of 9 &lt;b&gt;entries&lt;/b&gt; were left out.</p>' in text
    assert text.index("2 of 9") < text.index("<article")
