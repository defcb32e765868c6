"""The admin of weekly reports: to read, and what a model wrote stays text."""

from datetime import UTC, datetime

import pytest

from workers.reports.models import MailState, WeeklyReport

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("config_file")]

LIST = "/admin/reports/weeklyreport/"


@pytest.fixture
def report(person):
    return WeeklyReport.objects.create(
        user=person,
        week="2026-W46",
        starts_at=datetime(2026, 11, 9, tzinfo=UTC),
        ends_at=datetime(2026, 11, 16, tzinfo=UTC),
        time_zone="UTC",
        language="en",
        content="# Done <script>alert(1)</script>",
        facts={"runs": {"total": 3}},
        written_at=datetime(2026, 11, 16, 7, tzinfo=UTC),
        mail_state=MailState.UNKNOWN,
        mail_error="The connection ended.",
    )


def page(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_list_tells_whose_of_which_week_and_what_became_of_the_mail(admin_client, report):
    told = page(admin_client, LIST)
    for text in ("2026-W46", "ada", "succeeded", "outcome unknown"):
        assert text in told


def test_a_report_is_shown_with_facts_and_its_text_is_no_html(admin_client, report):
    told = page(admin_client, f"{LIST}{report.pk}/change/")
    assert "<script>alert(1)" not in told
    assert "# Done &lt;script&gt;" in told
    assert "&quot;total&quot;: 3" in told
    assert "The connection ended." in told


def test_nothing_is_added_changed_or_deleted(admin_client, report):
    assert admin_client.get(f"{LIST}add/").status_code == 403
    assert admin_client.post(f"{LIST}{report.pk}/change/", {"week": "x"}).status_code == 403
    assert admin_client.post(f"{LIST}{report.pk}/delete/", {"post": "yes"}).status_code == 403


def test_the_menu_has_it(admin_client):
    assert LIST in page(admin_client, "/admin/")


def test_a_report_that_was_never_written_shows_as_failed(admin_client, report):
    WeeklyReport.objects.update(written_at=None)
    assert "failed" in page(admin_client, LIST)


def test_notes_on_its_text_are_shown(admin_client, report):
    report.notes = [{"code": "entries_left_out", "detail": "2 of 9 entries were left out."}]
    report.save()
    told = page(admin_client, f"{LIST}{report.pk}/change/")
    assert "<li>2 of 9 entries were left out.</li>" in told
