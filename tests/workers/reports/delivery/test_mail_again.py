"""Staff may have a mail sent again that was refused, or of which nobody knows."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from workers.reports.models import MailState, WeeklyReport

pytestmark = pytest.mark.django_db


def again(client, *reports):
    body = {"action": "mail_again", "_selected_action": [report.pk for report in reports]}
    return client.post(reverse("admin:reports_weeklyreport_changelist"), body, follow=True)


@pytest.mark.parametrize("state", MailState.values)
def test_what_is_over_and_did_not_arrive_is_sent_again(admin_client, report_of, state):
    report = report_of(mail_state=state, mail_tries=3, mail_error="why")
    answer = again(admin_client, report)
    report.refresh_from_db()
    over = state in (MailState.REFUSED, MailState.UNKNOWN)
    assert report.mail_state == (MailState.WAITING if over else state)
    assert report.mail_tries == (0 if over else 3)
    assert (b"1 mail is sent again." in answer.content) == over


def test_who_may_only_look_cannot(client, django_user_model, report_of):
    viewer = django_user_model.objects.create_user("vera", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_weeklyreport"))
    client.force_login(viewer)
    again(client, report_of(mail_state=MailState.REFUSED))
    assert WeeklyReport.objects.get().mail_state == MailState.REFUSED
